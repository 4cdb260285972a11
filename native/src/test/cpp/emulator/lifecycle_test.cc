// States, core selection, ownership between processes, and fork.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>

#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

class LifecycleTest : public EmulatorTest {
 protected:
  static nrt::NRT_STATUS Init() { return nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""); }

  static uint32_t Visible() {
    uint32_t count = 99;
    EXPECT_EQ(nrt_get_visible_nc_count(&count), nrt::NRT_SUCCESS);
    return count;
  }
};

// Runs `body` in a child and returns its result.
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0 if every call reports that nrt_init is missing, else the number of the first that does not.
int CallsWithoutInit() {
  nrt::nrt_tensor_t* tensor = nullptr;
  nrt::nrt_tensor_set_t* set = nullptr;
  nrt::nrt_model_t* model = nullptr;
  nrt::nrt_instance_info_t info;
  const nrt::NRT_STATUS results[] = {
      nrt_tensor_allocate(nrt::NRT_TENSOR_PLACEMENT_DEVICE, 0, 4, "", &tensor),
      nrt_allocate_tensor_set(&set),
      nrt_load("", 0, 0, -1, &model),
      nrt_get_instance_info(&info, 8),
      nrt_barrier(0, 0, 1),
      nrt_execute(model, set, set),
  };
  nrt_close();
  int number = 0;
  for (const nrt::NRT_STATUS result : results) {
    ++number;
    if (result != nrt::NRT_UNINITIALIZED) return number;
  }
  nrt_emulator_counters_t counters;
  nrt_emulator_get_counters(&counters, sizeof(counters));
  return counters.misuse[NRT_EMULATOR_MISUSE_STATE] == 7 ? 0 : 99;
}

// In another process: other tests may have initialised this one.
TEST_F(LifecycleTest, CallsBeforeInitAreUninitialized) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(CallsWithoutInit()), ::testing::ExitedWithCode(0), "before nrt_init");
}

TEST_F(LifecycleTest, CountsAndVersionWorkBeforeInit) {
  Configure(R"("cores": 5)");
  uint32_t total = 0;
  EXPECT_EQ(nrt_get_total_nc_count(&total), nrt::NRT_SUCCESS);
  EXPECT_EQ(total, 5u);
  EXPECT_EQ(nrt_get_total_vnc_count(&total), nrt::NRT_SUCCESS);
  EXPECT_EQ(Visible(), 5u);
  nrt::nrt_version_t version;
  EXPECT_EQ(nrt_get_version(&version, sizeof(version)), nrt::NRT_SUCCESS);
  EXPECT_EQ(version.rt_major, 2u);
  EXPECT_EQ(version.rt_minor, 31u);
  EXPECT_EQ(version.rt_patch, 24u);
  EXPECT_NE(std::strstr(version.rt_detail, "emulator"), nullptr);
}

TEST_F(LifecycleTest, VersionFillsNoMoreThanAsked) {
  Configure();
  nrt::nrt_version_t version;
  std::memset(&version, 0x55, sizeof(version));
  EXPECT_EQ(nrt_get_version(&version, 16), nrt::NRT_SUCCESS);
  EXPECT_EQ(version.rt_minor, 31u);
  EXPECT_EQ(version.rt_patch, 0x5555555555555555u);
  EXPECT_EQ(nrt_get_version(nullptr, 16), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
}

TEST_F(LifecycleTest, CallsAfterCloseAreClosedAndInitWorksAgain) {
  Start();
  Close();
  nrt::nrt_tensor_set_t* set = nullptr;
  EXPECT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_CLOSED);
  nrt_close();
  ExpectMisuse(NRT_EMULATOR_MISUSE_STATE, 2);
  ASSERT_EQ(Init(), nrt::NRT_SUCCESS);
  EXPECT_EQ(Init(), nrt::NRT_SUCCESS) << "a second nrt_init is harmless";
  ASSERT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_SUCCESS);
  nrt_destroy_tensor_set(&set);
}

TEST_F(LifecycleTest, HandlesOfAFormerInitAreStale) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(4);
  Close();
  ExpectMisuse(NRT_EMULATOR_MISUSE_LEAK, 1);
  ASSERT_EQ(Init(), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_t* younger = NewTensor(4);
  EXPECT_NE(tensor, younger);
  EXPECT_EQ(nrt_tensor_memset(tensor, 0, 0, 4), nrt::NRT_INVALID_HANDLE);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 1);
  nrt_tensor_free(&younger);
}

TEST_F(LifecycleTest, CloseFreesAndCountsWhatIsStillAlive) {
  Start();
  nrt::nrt_model_t* model = LoadModel(ToyNeff());
  nrt::nrt_tensor_info_array_t* infos = nullptr;
  ASSERT_EQ(nrt_get_model_tensor_info(model, &infos), nrt::NRT_SUCCESS);
  nrt::nrt_tensor_t* tensor = NewTensor(16);
  nrt::nrt_tensor_set_t* set = NewSet({{"input0", tensor}});
  nrt_emulator_counters_t counters = Counters();
  EXPECT_EQ(counters.live_models, 1u);
  EXPECT_EQ(counters.live_tensors, 1u);
  EXPECT_EQ(counters.live_tensor_sets, 1u);
  EXPECT_EQ(counters.live_tensor_infos, 1u);
  Close();
  ExpectMisuse(NRT_EMULATOR_MISUSE_LEAK, 4);
  EXPECT_EQ(nrt_unload(model), nrt::NRT_CLOSED);
  EXPECT_EQ(nrt_free_model_tensor_info(infos), nrt::NRT_CLOSED);
  nrt_tensor_free(&tensor);
  nrt_destroy_tensor_set(&set);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE, 4);
  ExpectMisuse(NRT_EMULATOR_MISUSE_STATE, 4);
}

TEST_F(LifecycleTest, BadFrameworkIsInvalid) {
  Configure();
  EXPECT_EQ(nrt_init(nrt::NRT_FRAMEWORK_TYPE_INVALID, "", ""), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, nullptr, ""), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 2);
}

TEST_F(LifecycleTest, NoDeviceIsInvalid) {
  Configure(R"("cores": 0)");
  EXPECT_EQ(Init(), nrt::NRT_INVALID);
  EXPECT_EQ(Visible(), 0u);
}

struct VisibleCores {
  const char* value;
  int count;  // -1: refused
  uint32_t first;
};

class VisibleCoresTest : public LifecycleTest, public ::testing::WithParamInterface<VisibleCores> {};

TEST_P(VisibleCoresTest, AreContiguousAndOnTheInstance) {
  const VisibleCores& expected = GetParam();
  const ScopedVariable variable("NEURON_RT_VISIBLE_CORES", expected.value);
  const ScopedVariable loses("NEURON_RT_NUM_CORES", "1");
  Configure(R"("cores": 8)");
  uint32_t count = 99;
  if (expected.count < 0) {
    EXPECT_EQ(nrt_get_visible_nc_count(&count), nrt::NRT_INVALID);
    EXPECT_EQ(Init(), nrt::NRT_INVALID);
    return;
  }
  EXPECT_EQ(Visible(), static_cast<uint32_t>(expected.count));
  ASSERT_EQ(Init(), nrt::NRT_SUCCESS);
  EXPECT_EQ(Visible(), static_cast<uint32_t>(expected.count));
  nrt_emulator_core_t core;
  ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
  EXPECT_EQ(core.instance_core, expected.first);
}

INSTANTIATE_TEST_SUITE_P(
    Values, VisibleCoresTest,
    ::testing::Values(VisibleCores{"0", 1, 0}, VisibleCores{"7", 1, 7}, VisibleCores{"3-4", 2, 3},
                    VisibleCores{"0-7", 8, 0}, VisibleCores{"2,3,4", 3, 2},
                    VisibleCores{"1-2,3,4-5", 5, 1}, VisibleCores{"8", -1, 0},
                    VisibleCores{"6-8", -1, 0}, VisibleCores{"0,2", -1, 0},
                    VisibleCores{"1,0", -1, 0}, VisibleCores{"1,1", -1, 0},
                    VisibleCores{"3-2", -1, 0}, VisibleCores{"0-", -1, 0},
                    VisibleCores{"-1", -1, 0}, VisibleCores{"0,", -1, 0}, VisibleCores{"a", -1, 0},
                    VisibleCores{"0 1", -1, 0}, VisibleCores{"4294967295", -1, 0},
                    VisibleCores{"0-4294967295", -1, 0}, VisibleCores{"99999999999", -1, 0}));

TEST_F(LifecycleTest, NumCoresTakesFreeOnes) {
  Configure(R"("cores": 4)");
  {
    const ScopedVariable variable("NEURON_RT_NUM_CORES", "5");
    EXPECT_EQ(Init(), nrt::NRT_INVALID);
  }
  const ScopedVariable variable("NEURON_RT_NUM_CORES", "2");
  EXPECT_EQ(Visible(), 2u);
  ASSERT_EQ(Init(), nrt::NRT_SUCCESS);
  EXPECT_EQ(Visible(), 2u);
}

TEST_F(LifecycleTest, NumCoresZeroMeansAll) {
  const ScopedVariable variable("NEURON_RT_NUM_CORES", "0");
  Start(R"("cores": 4)");
  EXPECT_EQ(Visible(), 4u);
}

// The child acts as another process: it was forked before nrt_init.
TEST_F(LifecycleTest, CoresAreExclusiveBetweenProcesses) {
  Configure(R"("cores": 4)");
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t other = fork();
  if (other == 0) {
    setenv("NEURON_RT_VISIBLE_CORES", "0-1", 1);
    char byte = Init() == nrt::NRT_SUCCESS ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(2);
    if (read(done[0], &byte, 1) != 1) _exit(3);
    _exit(0);  // without nrt_close: the cores must become free nevertheless
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');

  EXPECT_EQ(Init(), nrt::NRT_FAILURE) << "all cores are wanted, two are taken";
  {
    const ScopedVariable variable("NEURON_RT_VISIBLE_CORES", "1-2");
    EXPECT_EQ(Init(), nrt::NRT_FAILURE);
  }
  {
    const ScopedVariable variable("NEURON_RT_VISIBLE_CORES", "2-3");
    EXPECT_EQ(Init(), nrt::NRT_SUCCESS);
    Close();
  }
  {
    const ScopedVariable variable("NEURON_RT_NUM_CORES", "2");
    ASSERT_EQ(Init(), nrt::NRT_SUCCESS);
    nrt_emulator_core_t core;
    ASSERT_EQ(nrt_emulator_get_core(0, &core, sizeof(core)), 0u);
    EXPECT_EQ(core.instance_core, 2u) << "the free ones";
    Close();
  }
  ASSERT_EQ(write(done[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Init(), nrt::NRT_SUCCESS);
  for (const int end : {ready[0], ready[1], done[0], done[1]}) close(end);
}

TEST_F(LifecycleTest, ChildOfForkFailsForGood) {
  Start();
  nrt::nrt_tensor_t* tensor = NewTensor(4);
  const int result = InChild([&] {
    uint32_t count = 0;
    nrt::nrt_version_t version;
    if (nrt_tensor_memset(tensor, 0, 0, 4) != nrt::NRT_FAILURE) return 1;
    if (nrt_get_visible_nc_count(&count) != nrt::NRT_FAILURE) return 2;
    if (nrt_get_version(&version, sizeof(version)) != nrt::NRT_FAILURE) return 3;
    if (Init() != nrt::NRT_FAILURE) return 4;
    nrt_close();
    if (Init() != nrt::NRT_FAILURE) return 5;
    return 42;
  });
  EXPECT_EQ(result, 42);
  EXPECT_EQ(nrt_tensor_memset(tensor, 0, 0, 4), nrt::NRT_SUCCESS) << "the parent goes on";
  nrt_tensor_free(&tensor);
}

TEST_F(LifecycleTest, InheritedAsyncVariableIsReported) {
  const ScopedVariable variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "3");
  Start();
  ExpectMisuse(NRT_EMULATOR_MISUSE_ASYNC, 1);
}

TEST_F(LifecycleTest, InheritedAsyncVariableIsRefusedIfConfigured) {
  const ScopedVariable variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "3");
  Configure(R"("inheritedAsync": "refuse")");
  EXPECT_EQ(Init(), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ASYNC, 1);
}

TEST_F(LifecycleTest, AsyncVariableMeansNothingOffOrToNewRuntimes) {
  {
    const ScopedVariable variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "0");
    Start();
    Close();
  }
  const ScopedVariable variable("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "3");
  Start(R"("runtime": {"version": "2.34.10.0"})");
}

TEST_F(LifecycleTest, InstanceInfoSaysWhatItIs) {
  Start(R"("instance": "inf2.48xlarge")");
  EXPECT_EQ(Visible(), 24u);
  nrt::nrt_instance_info_t info = {};
  ASSERT_EQ(nrt_get_instance_info(&info, sizeof(info)), nrt::NRT_SUCCESS);
  EXPECT_EQ(info.family, uint32_t{nrt::NRT_INSTANCE_INF2});
  EXPECT_EQ(info.size, uint32_t{nrt::NRT_INSTANCE_SIZE_48XL});
  EXPECT_STREQ(info.arch_name, "emulated");
  uint32_t device = 99;
  EXPECT_EQ(nrt_host_device_id_get(11, &device), nrt::NRT_SUCCESS);
  EXPECT_EQ(device, 11u);
  EXPECT_EQ(nrt_host_device_id_get(12, &device), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, 1);
  uint32_t map[32];
  uint32_t count = 32;
  EXPECT_EQ(nrt_host_device_id_rid_map_get(&count, map), nrt::NRT_SUCCESS);
  EXPECT_EQ(count, 12u);
}

TEST_F(LifecycleTest, ReportFileHoldsTheCounters) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/report.json";
  Start(R"("reportFile": ")" + path + "\"");
  nrt::nrt_tensor_t* tensor = NewTensor(4);
  EXPECT_NE(tensor, nullptr);
  Close();
  ExpectMisuse(NRT_EMULATOR_MISUSE_LEAK, 1);
  const std::string report = ReadFile(path);
  EXPECT_NE(report.find(R"("emulated": true)"), std::string::npos);
  EXPECT_NE(report.find(R"("leak": 1)"), std::string::npos);
}

}  // namespace
}  // namespace neuron_embed::emulator
