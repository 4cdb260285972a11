// Every status at every call that can fail must give the right error and leave no object.

#include <gtest/gtest.h>

#include <thread>

#include "emulator_test_base.h"
#include "nrt/nrt_status.h"

namespace neuron_embed::testing {
namespace {

constexpr int kCore = 1;

// Creates a slot on kCore, executes it once and closes everything.
void LiveAndExecute(const nrt::NrtLibrary& library, const std::string& neff, InputPath path) {
  const auto runtime = Runtime::Open(library, {});
  const auto model = Model::Load(runtime, neff, kCore);
  OwnedSlot slot(model, path);
  slot.Run(1);
}

struct Stage {
  const char* name;       // the call in a fault plan
  const char* operation;  // the function that reports the fault
  InputPath path;
  bool on_core;
};

const Stage kStages[] = {
    {"init", "nrt_init", InputPath::kWriteBatch, false},
    {"load", "nrt_load", InputPath::kWriteBatch, true},
    {"tensorInfo", "nrt_get_model_tensor_info", InputPath::kWriteBatch, true},
    {"allocate", "nrt_tensor_allocate", InputPath::kWrite, true},
    {"allocateSet", "nrt_allocate_tensor_set", InputPath::kWrite, true},
    {"addTensor", "nrt_add_tensor_to_tensor_set", InputPath::kWrite, true},
    {"write", "nrt_tensor_write", InputPath::kWrite, true},
    {"execute", "nrt_execute", InputPath::kWriteBatch, true},
    {"read", "nrt_tensor_read", InputPath::kWrite, true},
};

class FaultTest : public EmulatorTestBase, public ::testing::WithParamInterface<Stage> {};

TEST_P(FaultTest, EveryStatusComesOutAsItIsAndNothingStays) {
  const Stage& stage = GetParam();
  const NeffFile neff;
  std::vector<nrt::NRT_STATUS> statuses = {static_cast<nrt::NRT_STATUS>(77)};
  for (size_t i = 0; i < nrt::kStatusTableSize; ++i) {
    if (nrt::kStatusTable[i].status != nrt::NRT_SUCCESS) {
      statuses.push_back(nrt::kStatusTable[i].status);
    }
  }
  for (const nrt::NRT_STATUS status : statuses) {
    // `nth` 1 is the first call of its kind, 2 is a call after a success.
    for (const int nth : {1, 2}) {
      Configure(R"({"lockDirectory":"","faults":[{"call":")" + std::string(stage.name) +
                R"(","nth":)" + std::to_string(nth) + R"(,"status":)" +
                std::to_string(static_cast<uint32_t>(status)) + "}]}");
      const Thrown thrown = Catch([&] { LiveAndExecute(*library_, neff.path(), stage.path); });
      const bool called_once =
          stage.name == std::string("init") || stage.name == std::string("load") ||
          stage.name == std::string("tensorInfo") || stage.name == std::string("execute") ||
          stage.name == std::string("read");
      if (nth == 2 && called_once) {
        EXPECT_EQ(thrown.kind, 0) << thrown.message;
        continue;
      }
      EXPECT_TRUE(Is(thrown, ErrorKind::kNrt)) << thrown.message;
      EXPECT_EQ(thrown.status, status);
      EXPECT_EQ(thrown.operation, stage.operation);
      EXPECT_EQ(thrown.core, stage.on_core ? kCore : kNoCore);
      EXPECT_NE(thrown.message.find(nrt::DescribeStatus(status)), std::string::npos);
      const nrt_emulator_counters_t counters = Counters();
      EXPECT_EQ(counters.live_models + counters.live_tensors + counters.live_tensor_sets +
                    counters.live_tensor_infos,
                0u);
      EXPECT_EQ(counters.misuse_total, 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stages, FaultTest, ::testing::ValuesIn(kStages),
                         [](const auto& stage) { return std::string(stage.param.name); });

class DeviceTest : public EmulatorTestBase {};

TEST_F(DeviceTest, AFailedRequestLeavesTheSlotUsable) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  const std::vector<float> expected = slot.Run(5);
  for (const char* call : {"write", "execute", "read"}) {
    SetFaults(R"([{"call":")" + std::string(call) + R"(","nth":1,"status":7}])");
    EXPECT_EQ(Catch([&] { slot.Run(5); }).status, nrt::NRT_QUEUE_FULL) << call;
    EXPECT_EQ(slot.Run(5), expected) << call;
  }
}

TEST_F(DeviceTest, AFailingBatchWriteSaysSo) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  SetFaults(R"([{"call":"write","status":1203}])");
  const Thrown thrown = Catch([&] { slot->Execute(); });
  EXPECT_EQ(thrown.operation, "nrt_tensor_write_batch");
  EXPECT_EQ(thrown.message,
            "nrt_tensor_write_batch all inputs, 256 B, core 0: NRT_EXEC_HW_ERR_DMA_ABORT=1203 (a "
            "DMA engine failed)");
}

TEST_F(DeviceTest, AHangEndsInATimeout) {
  RuntimeOptions options;
  options.exec_timeout_seconds = 1;
  const auto runtime = OpenRuntime(options);
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  const auto other = Model::Load(runtime, neff.path(), 1);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  OwnedSlot neighbour(other, InputPath::kWriteBatch);
  SetFaults(R"([{"call":"execute","core":0,"hangMillis":60000}])");
  std::thread hanging([&] { EXPECT_EQ(Catch([&] { slot->Execute(); }).status, nrt::NRT_TIMEOUT); });
  EXPECT_NO_THROW(neighbour.Run(1)) << "another core goes on";
  hanging.join();
}

TEST_F(DeviceTest, ACoreThatDiesUnderLoadLeavesTheOthersWorking) {
  Configure(R"({"lockDirectory":"","instance":"inf2.24xlarge",
                "faults":[{"call":"execute","core":2,"nth":30,"status":101}]})");
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  struct Worker {
    std::unique_ptr<OwnedSlot> slot;
    int core = 0;
    int done = 0;
    int dead = 0;
    int other = 0;
  };
  std::vector<Worker> workers;
  for (int core = 0; core < 4; ++core) {
    const auto model = Model::Load(runtime, neff.path(), core);
    for (int n = 0; n < 2; ++n) {
      workers.push_back({std::make_unique<OwnedSlot>(model, InputPath::kWriteBatch), core});
    }
  }
  std::vector<std::thread> threads;
  for (Worker& worker : workers) {
    threads.emplace_back([&worker] {
      for (int32_t n = 0; n < 60; ++n) {
        const Thrown thrown = Catch([&] { worker.slot->Run(n); });
        if (thrown.kind == 0) {
          ++worker.done;
        } else if (thrown.status == nrt::NRT_EXEC_UNIT_UNRECOVERABLE &&
                   thrown.core == worker.core) {
          ++worker.dead;
        } else {
          ++worker.other;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int done_on_dead_core = 0;
  for (const Worker& worker : workers) {
    EXPECT_EQ(worker.other, 0) << worker.core;
    if (worker.core == 2) {
      done_on_dead_core += worker.done;
      EXPECT_GT(worker.dead, 0);
    } else {
      EXPECT_EQ(worker.done, 60);
    }
  }
  // The other slot's execution may be in flight when the core fails, and then fails too.
  EXPECT_GE(done_on_dead_core, 28);
  EXPECT_LE(done_on_dead_core, 29);
  workers.clear();  // freeing works on a dead core, too; the fixture checks it
}

TEST_F(DeviceTest, AnIdBeyondTheVocabularyFailsTheRequestOnly) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  OwnedSlot slot(model, InputPath::kWriteBatch);
  slot.Fill(1, 8);
  slot.input(0)[3] = 30522;
  EXPECT_EQ(Catch([&] { slot->Execute(); }).status, nrt::NRT_EXEC_OOB);
  EXPECT_NO_THROW(slot.Run(1));
}

TEST_F(DeviceTest, NoMemoryAtAllocateNamesTheTensor) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto model = Model::Load(runtime, neff.path(), 0);
  SetFaults(R"([{"call":"allocate","nth":2,"status":4}])");
  const Thrown thrown = Catch([&] { OwnedSlot slot(model, InputPath::kWrite); });
  EXPECT_EQ(thrown.message,
            "nrt_tensor_allocate input1, 128 B, core 0: NRT_RESOURCE=4 (a device resource could "
            "not be allocated)");
  EXPECT_EQ(model->live_slots(), 0);
}

}  // namespace
}  // namespace neuron_embed::testing
