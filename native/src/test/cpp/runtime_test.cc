#include "core/runtime.h"

#include <gtest/gtest.h>

#include <thread>

#include "emulator_test_base.h"

namespace neuron_embed::testing {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "(unset)" : value;
}

class RuntimeTest : public EmulatorTestBase {
 protected:
  void SetUp() override {
    unsetenv("NEURON_RT_VISIBLE_CORES");
    unsetenv("NEURON_RT_NUM_CORES");
    unsetenv("NEURON_RT_EXEC_TIMEOUT");
    unsetenv("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS");
    EmulatorTestBase::SetUp();
    Configure(R"({"lockDirectory":"","instance":"inf2.24xlarge"})");
  }
};

TEST_F(RuntimeTest, OwnsEveryCoreByDefault) {
  const auto runtime = OpenRuntime();
  EXPECT_EQ(runtime->visible_core_count(), 12);
  EXPECT_EQ(runtime->total_core_count(), 12);
  EXPECT_EQ(runtime->instance().family, nrt::NRT_INSTANCE_INF2);
  EXPECT_TRUE(runtime->library().emulated());
}

TEST_F(RuntimeTest, CoresAreRestrictedByIndexOrNumber) {
  RuntimeOptions by_index;
  by_index.visible_cores = "3-4";
  EXPECT_EQ(OpenRuntime(by_index)->visible_core_count(), 2);
  RuntimeOptions by_number;
  by_number.num_cores = 5;
  EXPECT_EQ(OpenRuntime(by_number)->visible_core_count(), 5);
}

TEST_F(RuntimeTest, OptionsWinOverTheEnvironmentWhichIsPutBack) {
  setenv("NEURON_RT_VISIBLE_CORES", "0-5", 1);
  setenv("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "3", 1);
  EXPECT_EQ(OpenRuntime()->visible_core_count(), 6);
  {
    RuntimeOptions options;
    options.num_cores = 2;
    options.exec_timeout_seconds = 7;
    const auto runtime = OpenRuntime(options);
    EXPECT_EQ(runtime->visible_core_count(), 2);
    EXPECT_EQ(Variable("NEURON_RT_VISIBLE_CORES"), "(unset)");
    EXPECT_EQ(Variable("NEURON_RT_NUM_CORES"), "2");
    EXPECT_EQ(Variable("NEURON_RT_EXEC_TIMEOUT"), "7");
    EXPECT_EQ(Variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS"), "(unset)");
  }
  EXPECT_EQ(Variable("NEURON_RT_VISIBLE_CORES"), "0-5");
  EXPECT_EQ(Variable("NEURON_RT_NUM_CORES"), "(unset)");
  EXPECT_EQ(Variable("NEURON_RT_EXEC_TIMEOUT"), "(unset)");
  EXPECT_EQ(Variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS"), "3");
}

TEST_F(RuntimeTest, TheTimeoutOfTheEnvironmentStays) {
  setenv("NEURON_RT_EXEC_TIMEOUT", "11", 1);
  {
    const auto runtime = OpenRuntime();
    EXPECT_EQ(Variable("NEURON_RT_EXEC_TIMEOUT"), "11");
  }
  unsetenv("NEURON_RT_EXEC_TIMEOUT");
  const auto runtime = OpenRuntime();
  EXPECT_EQ(Variable("NEURON_RT_EXEC_TIMEOUT"), "30");
}

TEST_F(RuntimeTest, OptionsThatCannotBeAreRefusedBeforeInit) {
  for (const char* cores : {"a", "1-", "-1", "2-1", "0,2", "0,,1", "0-1,1-2", "0 1", "1,0", ","}) {
    RuntimeOptions options;
    options.visible_cores = cores;
    EXPECT_TRUE(Is(Catch([&] { OpenRuntime(options); }), ErrorKind::kArgument)) << cores;
  }
  RuntimeOptions both;
  both.visible_cores = "0";
  both.num_cores = 1;
  EXPECT_TRUE(Is(Catch([&] { OpenRuntime(both); }), ErrorKind::kArgument));
  RuntimeOptions negative;
  negative.num_cores = -1;
  EXPECT_TRUE(Is(Catch([&] { OpenRuntime(negative); }), ErrorKind::kArgument));
  negative = {};
  negative.exec_timeout_seconds = -1;
  EXPECT_TRUE(Is(Catch([&] { OpenRuntime(negative); }), ErrorKind::kArgument));
}

TEST_F(RuntimeTest, ContiguousListsAreAccepted) {
  for (const char* cores : {"0", "0,1,2", "1-2", "0-1,2-3", "2,3-4"}) {
    RuntimeOptions options;
    options.visible_cores = cores;
    EXPECT_NO_THROW(OpenRuntime(options)) << cores;
  }
}

TEST_F(RuntimeTest, OneAtATimeAndAgainAfterClose) {
  auto first = OpenRuntime();
  EXPECT_TRUE(Is(Catch([&] { OpenRuntime(); }), ErrorKind::kState));
  first.reset();
  EXPECT_NO_THROW(OpenRuntime());
}

TEST_F(RuntimeTest, AFailedInitLeavesNothingBehind) {
  Configure(R"({"lockDirectory":"","faults":[{"call":"init","nth":1,"status":2}]})");
  RuntimeOptions options;
  options.num_cores = 1;
  const Thrown thrown = Catch([&] { OpenRuntime(options); });
  EXPECT_EQ(thrown.status, nrt::NRT_INVALID);
  EXPECT_EQ(thrown.operation, "nrt_init");
  EXPECT_NE(thrown.message.find("driver"), std::string::npos) << thrown.message;
  EXPECT_EQ(Variable("NEURON_RT_NUM_CORES"), "(unset)");
  Configure(kDefaultConfig);
  EXPECT_NO_THROW(OpenRuntime());
}

TEST_F(RuntimeTest, ConcurrentOpenGivesOneRuntime) {
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  std::atomic<int> refused{0};
  std::atomic<int> ready{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::shared_ptr<Runtime> runtime;
      const Thrown thrown = Catch([&] { runtime = OpenRuntime(); });
      if (runtime != nullptr) ++opened;
      if (Is(thrown, ErrorKind::kState)) ++refused;
      ++ready;
      while (ready < 4) std::this_thread::yield();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(refused, 3);
}

TEST_F(RuntimeTest, MemoryGrowsWithAModel) {
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  const auto before = runtime->MemoryStats(0);
  const auto model = Model::Load(runtime, neff.path(), 0);
  const auto after = runtime->MemoryStats(0);
  EXPECT_GT(after.bytes_used, before.bytes_used);
  EXPECT_GT(after.bytes_limit, after.bytes_used);
  EXPECT_TRUE(Is(Catch([&] { runtime->MemoryStats(12); }), ErrorKind::kArgument));
  EXPECT_TRUE(Is(Catch([&] { runtime->MemoryStats(-1); }), ErrorKind::kArgument));
}

TEST_F(RuntimeTest, ConversionOnTheDeviceIsSeenAndNotUsed) {
  EXPECT_FALSE(library_->has_tensor_cast());
  UseLibrary(NEURON_EMBED_TEST_TENSOR_CAST, kDefaultConfig);
  EXPECT_TRUE(library_->has_tensor_cast());
  const auto runtime = OpenRuntime();
  const NeffFile neff;
  EXPECT_NO_THROW(Model::Load(runtime, neff.path(), 0));
}

TEST_F(RuntimeTest, AnOldRuntimeTellsNoMemory) {
  UseLibrary(NEURON_EMBED_TEST_EMULATOR_BASELINE, kDefaultConfig);
  EXPECT_EQ(library_->generation(), nrt::Generation::kBefore2_30);
  EXPECT_FALSE(library_->missing_optional().empty());
  const auto runtime = OpenRuntime();
  EXPECT_TRUE(Is(Catch([&] { runtime->MemoryStats(0); }), ErrorKind::kUnavailable));
}

}  // namespace
}  // namespace neuron_embed::testing
