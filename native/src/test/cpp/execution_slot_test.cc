#include "core/execution_slot.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "allocation_counter.h"
#include "emulator_test_base.h"

namespace neuron_embed::testing {
namespace {

class ExecutionSlotTest : public EmulatorTestBase {
 protected:
  // The transfers that the emulator recorded on a core.
  std::vector<nrt_emulator_transfer_t> Transfers(int core) const {
    std::vector<nrt_emulator_transfer_t> records(64);
    size_t count = 0;
    EXPECT_EQ(GetTransfers()(core, records.data(), records.size(), &count), 0u);
    records.resize(count);
    return records;
  }

 private:
  static decltype(&nrt_emulator_get_transfers) GetTransfers() {
    void* handle = dlopen(NEURON_EMBED_TEST_EMULATOR, RTLD_NOW | RTLD_NOLOAD);
    return reinterpret_cast<decltype(&nrt_emulator_get_transfers)>(
        dlsym(handle, "nrt_emulator_get_transfers"));
  }
};

TEST_F(ExecutionSlotTest, OutputsFollowTheInputsAndNothingElse) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  OwnedSlot other(model, InputPath::kWriteBatch);
  const std::vector<float> one = slot.Run(1);
  const std::vector<float> two = slot.Run(2);
  EXPECT_NE(one, two);
  EXPECT_EQ(slot.Run(1), one);
  EXPECT_EQ(other.Run(1), one);
  EXPECT_NE(slot.Run(1, 9), one) << "the mask counts";
  float norm = 0;
  for (const float value : one) norm += value * value;
  EXPECT_NEAR(std::sqrt(norm), 1.0f, 1e-5f);
}

TEST_F(ExecutionSlotTest, EachPathGivesWhatTheOthersGive) {
  Configure(R"({"lockDirectory":"","runtime":{"version":"2.31.24.0","attachedBuffers":"copy",
                "hostPlacement":"copy"}})");
  const auto runtime = OpenRuntime();
  for (const bool types : {false, true}) {
    for (const bool wide : {false, true}) {
      NeffOptions options;
      options.batch = 2;
      options.token_type_ids = types;
      options.int64_ids = wide;
      const NeffFile neff(options);
      const auto model = Model::Load(runtime, neff.path(), 1);
      OwnedSlot reference(model, InputPath::kWrite);
      for (const InputPath path :
           {InputPath::kWriteBatch, InputPath::kSlices, InputPath::kAttached, InputPath::kHost}) {
        OwnedSlot slot(model, path);
        EXPECT_EQ(slot->input_path(), path) << slot->input_path_reason();
        EXPECT_EQ(slot->input_path_reason(), "");
        // For 64-bit ids, these tests fill 32-bit halves: lengths are even, upper halves are zero.
        for (int32_t seed = 1; seed < 4; ++seed) {
          const auto fill = [&](OwnedSlot& target) {
            const size_t elements = model->inputs()[0].size / sizeof(int32_t);
            for (size_t i = 0; i < elements; ++i) {
              const bool low = !wide || i % 2 == 0;
              target.input(0)[i] = low ? seed * 100 + static_cast<int32_t>(i) : 0;
              target.input(1)[i] = low ? 1 : 0;
            }
            target->Execute();
            return target.output();
          };
          EXPECT_EQ(fill(slot), fill(reference)) << InputPathName(path) << " " << seed;
        }
      }
    }
  }
}

TEST_F(ExecutionSlotTest, ThePathThatTheRuntimeLacksIsReplacedByWrite) {
  UseLibrary(NEURON_EMBED_TEST_EMULATOR_BASELINE, kDefaultConfig);
  ASSERT_EQ(library_->api().nrt_tensor_write_batch, nullptr);
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  EXPECT_EQ(slot->input_path(), InputPath::kWrite);
  EXPECT_NE(slot->input_path_reason().find("lacks nrt_tensor_write_batch"), std::string::npos)
      << slot->input_path_reason();
  EXPECT_NO_THROW(slot->Execute());
}

TEST_F(ExecutionSlotTest, ThePathThatTheRuntimeRefusesIsReplacedByTheDefault) {
  Configure(R"({"lockDirectory":"","runtime":{"version":"2.34.10.0","attachedBuffers":"refuse",
                "hostPlacement":"refuse"}})");
  const auto runtime = OpenRuntime();
  EXPECT_EQ(runtime->library().path(), library_->path());
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  for (const InputPath path : {InputPath::kAttached, InputPath::kHost}) {
    OwnedSlot slot(model, path);
    EXPECT_EQ(slot->input_path(), InputPath::kWriteBatch);
    EXPECT_EQ(
        slot->input_path_reason().rfind(std::string(InputPathName(path)) + ": nrt_tensor_", 0), 0u)
        << slot->input_path_reason();
    EXPECT_NE(slot->input_path_reason().find("NRT_INVALID=2"), std::string::npos);
    EXPECT_NO_THROW(slot->Execute());
  }
  // The emulator counts each refused use of host memory as misuse.
  expected_misuse_ = Counters().misuse_total;
  EXPECT_GT(expected_misuse_, 0u);
}

TEST_F(ExecutionSlotTest, AProbeRunsOncePerModelAndPath) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot first(model, InputPath::kSlices);
  const uint64_t executions = Counters().executions;
  EXPECT_GT(executions, 0u);
  OwnedSlot second(model, InputPath::kSlices);
  OwnedSlot batch(model, InputPath::kWriteBatch);
  EXPECT_EQ(Counters().executions, executions);
}

TEST_F(ExecutionSlotTest, ADeviceFailureInAProbeIsNoReasonToTryAnotherPath) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  SetFaults(R"([{"call":"execute","nth":1,"status":1202}])");
  const Thrown thrown = Catch([&] { OwnedSlot slot(model, InputPath::kSlices); });
  EXPECT_EQ(thrown.status, nrt::NRT_EXEC_HW_ERR_NC_UE);
  SetFaults("[]");
  OwnedSlot slot(model, InputPath::kSlices);
  EXPECT_EQ(slot->input_path(), InputPath::kSlices) << "the failed probe was not remembered";
}

TEST_F(ExecutionSlotTest, TheRuntimeSeesTheCallersMemory) {
  const auto runtime = OpenRuntime();
  NeffOptions options;
  options.sequence_length = 512;
  const NeffFile neff(options);
  const auto model = Model::Load(runtime, neff.path(), 0);
  for (const InputPath path : {InputPath::kWriteBatch, InputPath::kWrite, InputPath::kSlices}) {
    OwnedSlot slot(model, path);
    slot->Execute();
    const std::vector<nrt_emulator_transfer_t> transfers = Transfers(0);
    const size_t writes = path == InputPath::kSlices ? 1 : 2;
    ASSERT_GT(transfers.size(), writes);
    const auto* last = &transfers[transfers.size() - writes - 1];
    for (size_t i = 0; i < writes; ++i) {
      EXPECT_EQ(last[i].direction, static_cast<uint32_t>(NRT_EMULATOR_WRITE));
      EXPECT_EQ(last[i].buffer, reinterpret_cast<uint64_t>(slot.input_region()) + i * 2048);
    }
    EXPECT_EQ(last[writes].direction, static_cast<uint32_t>(NRT_EMULATOR_READ));
    EXPECT_EQ(last[writes].buffer % PageSize(), 0u);
  }
}

TEST_F(ExecutionSlotTest, OnlyTheFrontOfTheOutputsIsReadIfThatIsAllThatIsWanted) {
  const auto runtime = OpenRuntime();
  NeffOptions options;
  options.batch = 4;
  const NeffFile neff(options);
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  const std::vector<float> whole = slot.Run(1);
  const size_t vector = options.hidden_size * sizeof(float);
  slot.Fill(2, 8);
  slot->Execute(2 * vector);
  EXPECT_EQ(Transfers(0).back().size, 2 * vector);
  std::vector<float> expected = slot.output();
  EXPECT_TRUE(std::equal(expected.begin() + 32, expected.end(), whole.begin() + 32))
      << "what is behind stays";
  EXPECT_NE(expected[0], 0);
  const std::vector<float> two = slot.Run(2);
  EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + 32, two.begin()));
  EXPECT_EQ(Transfers(0).back().size, 4 * vector);
  const size_t transfers = Transfers(0).size();
  slot->Execute(0);
  EXPECT_EQ(Transfers(0).size(), transfers + 2) << "two inputs, and nothing is read";
  slot->Execute(100 * vector);
  EXPECT_EQ(Transfers(0).back().size, 4 * vector) << "there is no more";
}

TEST_F(ExecutionSlotTest, StageTimesCoverTheExecution) {
  Configure(R"({"lockDirectory":"","timing":{"fallback":{"baseMicros":2000}}})");
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  slot->Execute();
  EXPECT_GE(slot.stage_times().execute_nanos, 2000000);
  EXPECT_GT(slot.stage_times().write_nanos, 0);
  EXPECT_GT(slot.stage_times().read_nanos, 0);
  SetFaults(R"([{"call":"execute","status":1006}])");
  EXPECT_EQ(Catch([&] { slot->Execute(); }).status, nrt::NRT_EXEC_OOB);
  EXPECT_GT(slot.stage_times().write_nanos, 0);
  EXPECT_EQ(slot.stage_times().read_nanos, 0) << "not reached";
}

TEST_F(ExecutionSlotTest, AnExecutionAllocatesNothing) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  for (const InputPath path : {InputPath::kWriteBatch, InputPath::kWrite, InputPath::kSlices}) {
    OwnedSlot slot(model, path);
    slot->Execute();
    const int before = AllocationsOfThisThread();
    for (int i = 0; i < 10; ++i) slot->Execute();
    for (int i = 0; i < 10; ++i) slot->Execute(sizeof(float));
    EXPECT_EQ(AllocationsOfThisThread() - before, 0) << InputPathName(path);
  }
}

TEST_F(ExecutionSlotTest, RegionsMustBeAligned) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot lender(model, InputPath::kWrite);
  unsigned char* region = lender.input_region();
  for (const SlotMemory memory :
       {SlotMemory{nullptr, region, nullptr}, SlotMemory{region, nullptr, nullptr},
        SlotMemory{region + 64, region, nullptr}, SlotMemory{region, region + 64, nullptr}}) {
    EXPECT_TRUE(Is(Catch([&] { ExecutionSlot slot(model, InputPath::kWrite, memory); }),
                   ErrorKind::kArgument));
  }
}

TEST_F(ExecutionSlotTest, TwoThreadsInOneSlotIsRefusedAndHarmless) {
  Configure(R"({"lockDirectory":"","timing":{"fallback":{"baseMicros":200}}})");
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  std::atomic<int> done{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        const Thrown thrown = Catch([&] { slot->Execute(); });
        ++(thrown.kind == 0 ? done : refused);
        EXPECT_TRUE(thrown.kind == 0 || Is(thrown, ErrorKind::kState)) << thrown.message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done + refused, 400);
  EXPECT_GT(done, 0) << "one that is alone is let in";
}

TEST_F(ExecutionSlotTest, SlotsOfAllCoresExecuteSideBySide) {
  Configure(R"({"lockDirectory":"","instance":"inf2.24xlarge"})");
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  std::vector<std::unique_ptr<OwnedSlot>> slots;
  for (int core = 0; core < 4; ++core) {
    const auto model = Model::Load(runtime, neff.path(), core);
    for (int n = 0; n < 2; ++n) {
      slots.push_back(std::make_unique<OwnedSlot>(model, InputPath::kWriteBatch));
    }
  }
  std::vector<std::vector<float>> expected;
  for (int32_t seed = 0; seed < 50; ++seed) expected.push_back(slots[0]->Run(seed));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (const auto& slot : slots) {
    threads.emplace_back([&] {
      for (int32_t seed = 0; seed < 50; ++seed) {
        if (slot->Run(seed) != expected[static_cast<size_t>(seed)]) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace neuron_embed::testing
