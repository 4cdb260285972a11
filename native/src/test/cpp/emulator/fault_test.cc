// Fault plans: every status at every call, hangs, and cores that fail for good.

#include <atomic>
#include <cmath>
#include <thread>

#include "clock.h"
#include "emulator_test.h"
#include "fault_plan.h"

namespace neuron_embed::emulator {
namespace {

class FaultTest : public EmulatorTest {
 protected:
  static void SetFaults(const std::string& faults) {
    ASSERT_EQ(nrt_emulator_set_faults(faults.c_str()), 0u) << faults;
  }
  static nrt::NRT_STATUS Init() { return nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""); }
};

// The calls among 1 to 12 to which a rule applies, as text.
std::string Hits(const FaultRule& rule) {
  FaultPlan plan;
  plan.Set({rule});
  std::string hits;
  for (int i = 0; i < 12; ++i) hits += plan.Next(rule.call, 0) ? 'x' : '.';
  return hits;
}

TEST(FaultPlanTest, CountsCalls) {
  FaultRule rule;
  rule.status = nrt::NRT_TIMEOUT;
  EXPECT_EQ(Hits(rule), "xxxxxxxxxxxx");
  rule.first = rule.last = 3;
  EXPECT_EQ(Hits(rule), "..x.........");
  rule.last = UINT64_MAX;
  EXPECT_EQ(Hits(rule), "..xxxxxxxxxx");
  rule.every = 4;
  rule.first = 4;
  EXPECT_EQ(Hits(rule), "...x...x...x");
}

TEST(FaultPlanTest, OnlyMatchingCallsCount) {
  FaultRule rule;
  rule.call = CallKind::kWrite;
  rule.core = 1;
  rule.first = rule.last = 2;
  rule.status = nrt::NRT_RESOURCE;
  FaultPlan plan;
  plan.Set({rule});
  EXPECT_FALSE(plan.Next(CallKind::kWrite, 1));
  EXPECT_FALSE(plan.Next(CallKind::kWrite, 0));
  EXPECT_FALSE(plan.Next(CallKind::kRead, 1));
  EXPECT_FALSE(plan.Next(CallKind::kWrite, kNoCore));
  EXPECT_EQ(plan.Next(CallKind::kWrite, 1).status, nrt::NRT_RESOURCE);
}

TEST(FaultPlanTest, FirstRuleThatHitsWinsAndAllCount) {
  FaultRule first;
  first.first = first.last = 2;
  first.status = nrt::NRT_TIMEOUT;
  FaultRule second;
  second.first = 2;
  second.status = nrt::NRT_FAILURE;
  FaultPlan plan;
  plan.Set({first, second});
  EXPECT_FALSE(plan.Next(CallKind::kExecute, 0));
  EXPECT_EQ(plan.Next(CallKind::kExecute, 0).status, nrt::NRT_TIMEOUT);
  EXPECT_EQ(plan.Next(CallKind::kExecute, 0).status, nrt::NRT_FAILURE);
}

TEST(FaultPlanTest, DurationEndsARule) {
  FaultRule rule;
  rule.status = nrt::NRT_FAILURE;
  rule.duration_nanos = 86400 * kNanosPerSecond;
  EXPECT_EQ(Hits(rule), "xxxxxxxxxxxx");
  rule.duration_nanos = 1;
  EXPECT_EQ(Hits(rule), "x...........") << "the clock has moved on by the second call";
}

TEST_F(FaultTest, EveryStatusAtExecute) {
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    for (const uint32_t status :
         {1u,    2u,    3u,    4u,    5u,    6u,    7u,    15u,   1002u, 1003u, 1004u,
          1005u, 1006u, 1100u, 1200u, 1201u, 1202u, 1203u, 1204u, 1205u, 1206u, 4711u}) {
      SetFaults(R"([{"call": "execute", "nth": 2, "status": )" + std::to_string(status) + "}]");
      EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
      EXPECT_EQ(uint32_t{slot.Execute()}, status);
      EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    }
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, StatusAtEveryOtherCall) {
  Configure(R"("faults": [{"call": "init", "nth": 1, "status": 1}])");
  EXPECT_EQ(Init(), nrt::NRT_FAILURE);
  ASSERT_EQ(Init(), nrt::NRT_SUCCESS) << "only the first";
  const std::string neff = ToyNeff();
  nrt::nrt_model_t* model = nullptr;
  SetFaults(R"([{"call": "load", "nth": 1, "status": 10}])");
  EXPECT_EQ(nrt_load(neff.data(), neff.size(), 0, -1, &model), nrt::NRT_UNSUPPORTED_NEFF_VERSION);
  ASSERT_EQ(nrt_load(neff.data(), neff.size(), 0, -1, &model), nrt::NRT_SUCCESS);

  nrt::nrt_tensor_info_array_t* infos = nullptr;
  SetFaults(R"([{"call": "tensorInfo", "status": 4}])");
  EXPECT_EQ(nrt_get_model_tensor_info(model, &infos), nrt::NRT_RESOURCE);

  nrt::nrt_tensor_t* tensor = nullptr;
  nrt::nrt_tensor_t* slice = nullptr;
  SetFaults(R"([{"call": "allocate", "every": 2, "status": 4}])");
  ASSERT_EQ(nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_DEVICE, 0, 8, "", &tensor),
            nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_allocate_slice(tensor, 0, 4, "", &slice), nrt::NRT_RESOURCE);

  nrt::nrt_tensor_set_t* set = nullptr;
  SetFaults(
      R"([{"call": "allocateSet", "nth": 1, "status": 4}, {"call": "addTensor", "status": 2}])");
  EXPECT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_RESOURCE);
  ASSERT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(set, "x", tensor), nrt::NRT_INVALID);

  uint64_t value = 7;
  SetFaults("[]");
  ASSERT_EQ(nrt_tensor_memset(tensor, 0, 1, 8), nrt::NRT_SUCCESS);
  SetFaults(R"([{"call": "write", "status": 1203}, {"call": "read", "nth": 1, "status": 6},
                {"call": "copy", "status": 1}])");
  EXPECT_EQ(nrt_tensor_write(tensor, &value, 0, 8), nrt::NRT_EXEC_HW_ERR_DMA_ABORT);
  const nrt::nrt_tensor_batch_op_t op = {0, 8, &value};
  const nrt::nrt_tensor_batch_t batch = {tensor, &op, 1};
  EXPECT_EQ(nrt_tensor_write_batch(&batch, 1, false), nrt::NRT_EXEC_HW_ERR_DMA_ABORT);
  EXPECT_EQ(nrt_tensor_copy(tensor, 0, tensor, 4, 4), nrt::NRT_FAILURE);
  EXPECT_EQ(nrt_tensor_read(tensor, &value, 0, 8), nrt::NRT_HW_ERROR);
  EXPECT_EQ(value, 7u) << "a failed read gives nothing";
  ASSERT_EQ(nrt_tensor_read(tensor, &value, 0, 8), nrt::NRT_SUCCESS);
  EXPECT_EQ(value, 0x0101010101010101u) << "a failed write changes nothing";

  SetFaults(R"([{"call": "unload", "nth": 1, "status": 1}])");
  EXPECT_EQ(nrt_unload(model), nrt::NRT_FAILURE);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  nrt_destroy_tensor_set(&set);
  nrt_tensor_free(&tensor);
}

TEST_F(FaultTest, FailedExecutionLeavesOutputsAlone) {
  Start();
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    const std::vector<float> before = slot.floats;
    ASSERT_EQ(slot.Write(SomeIds(spec, 1), FullMask(spec)), nrt::NRT_SUCCESS);
    SetFaults(R"([{"call": "execute", "status": 1204}])");
    EXPECT_EQ(slot.Execute(), nrt::NRT_EXEC_SW_NQ_OVERFLOW);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.floats, before);
    SetFaults(R"([{"call": "execute", "status": 1003}])");
    EXPECT_EQ(slot.Execute(), nrt::NRT_EXEC_COMPLETED_WITH_NUM_ERR);
    ASSERT_EQ(slot.Read(), nrt::NRT_SUCCESS);
    EXPECT_TRUE(std::isnan(slot.floats[0]));
    EXPECT_NE(slot.floats[1], 0.0f);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, ADeadCoreStaysDeadAndOthersLive) {
  Start(R"("faults": [{"call": "execute", "core": 0, "nth": 2, "status": 101}])");
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  nrt::nrt_model_t* models[2] = {LoadModel(neff, 0), LoadModel(neff, 1)};
  {
    ToySlot dying(models[0], spec, 0);
    ToySlot living(models[1], spec, 1);
    ASSERT_EQ(dying.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    ASSERT_EQ(living.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(dying.Execute(), nrt::NRT_SUCCESS);
    EXPECT_EQ(dying.Execute(), nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
    EXPECT_EQ(dying.Execute(), nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
    SetFaults("[]");
    EXPECT_EQ(dying.Execute(), nrt::NRT_EXEC_UNIT_UNRECOVERABLE) << "a plan does not revive";
    EXPECT_EQ(living.Execute(), nrt::NRT_SUCCESS);
    nrt::nrt_model_t* more = nullptr;
    EXPECT_EQ(nrt_load(neff.data(), neff.size(), 0, -1, &more), nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
    EXPECT_EQ(dying.Read(), nrt::NRT_SUCCESS) << "memory is still there";
    nrt_emulator_core_t core;
    ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
    EXPECT_EQ(core.dead, 1u);
  }
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  Close();
  Start();
  nrt::nrt_model_t* model = LoadModel(neff, 0);
  {
    ToySlot slot(model, spec, 0);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS) << "nrt_close resets the core";
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, DeathAtAnotherCallKillsTheCoreToo) {
  Start(R"("faults": [{"call": "write", "nth": 1, "status": 101}])");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    EXPECT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
    EXPECT_EQ(slot.Execute(), nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, HangEndsInTimeoutAndBlocksTheCore) {
  Start(R"("execTimeoutMillis": 20,
           "faults": [{"call": "execute", "nth": 1, "hangMillis": 3600000}])");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_TIMEOUT);
    EXPECT_EQ(slot.Execute(), nrt::NRT_TIMEOUT) << "queued behind the hang";
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, ShortHangOnlyDelays) {
  Start(R"("faults": [{"call": "execute", "nth": 1, "hangMillis": 3},
                      {"call": "write", "nth": 1, "hangMillis": 1}])");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
    nrt_emulator_execution_t record;
    size_t count = 0;
    ASSERT_EQ(nrt_emulator_get_executions(0, &record, 1, &count), 0u);
    ASSERT_EQ(count, 1u);
    EXPECT_EQ(record.service_ns, 3 * kNanosPerMilli);
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

// A core fails under load: its executions in flight end with status 101, the other core's do not.
TEST_F(FaultTest, CoreDyingUnderLoad) {
  Start(R"("timing": {"fallback": {"baseMicros": 300}},
           "faults": [{"call": "execute", "core": 1, "nth": 20, "status": 101}])");
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  nrt::nrt_model_t* models[2] = {LoadModel(neff, 0), LoadModel(neff, 1)};
  std::atomic<int> died{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const int core = i % 2;
      ToySlot slot(models[core], spec, core);
      EXPECT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
      for (int j = 0; j < 40; ++j) {
        const nrt::NRT_STATUS status = slot.Execute();
        if (status == nrt::NRT_SUCCESS) continue;
        EXPECT_EQ(status, nrt::NRT_EXEC_UNIT_UNRECOVERABLE);
        EXPECT_EQ(core, 1);
        died.fetch_add(1);
        return;
      }
      EXPECT_EQ(core, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(died.load(), 2);
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

TEST_F(FaultTest, BadPlansChangeNothing) {
  Start(R"("faults": [{"call": "allocateSet", "status": 4}])");
  for (const char* bad :
       {"", "{}", "[{}]", R"([{"call": "execute"}])", R"([{"call": "fly", "status": 1}])",
        R"([{"call": "load", "status": 0}])", R"([{"call": "load", "status": 1, "nth": 0}])",
        R"([{"call": "load", "status": 1, "nth": 1, "every": 2}])",
        R"([{"call": "load", "status": 1, "times": 1}])"}) {
    EXPECT_EQ(nrt_emulator_set_faults(bad), uint32_t{nrt::NRT_INVALID}) << bad;
  }
  EXPECT_EQ(nrt_emulator_set_faults(nullptr), uint32_t{nrt::NRT_INVALID});
  nrt::nrt_tensor_set_t* set = nullptr;
  EXPECT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_RESOURCE);
}

}  // namespace
}  // namespace neuron_embed::emulator
