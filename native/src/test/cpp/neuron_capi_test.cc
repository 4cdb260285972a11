#include "capi/neuron_capi.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "capi/guard.h"
#include "emulated_neff.h"
#include "neuron_capi_c_test.h"

namespace neuron_embed::testing {
namespace {

constexpr uint64_t kRegion = 1 << 16;

class NeuronCapiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = neuron_library_open(NEURON_EMBED_TEST_EMULATOR, &status_);
    ASSERT_NE(library_, nullptr) << status_.message;
    ASSERT_EQ(neuron_emulator_configure(library_, R"({"lockDirectory":""})", &status_), NEURON_OK);
    ASSERT_EQ(neuron_emulator_reset_counters(library_, &status_), NEURON_OK);
    memory_.input_region = input_.get();
    memory_.input_region_size = kRegion;
    memory_.output_region = output_.get();
    memory_.output_region_size = kRegion;
    memory_.stage_times = &times_;
  }

  void TearDown() override {
    neuron_live_counts counts;
    neuron_get_live_counts(&counts);
    EXPECT_EQ(counts.runtimes + counts.models + counts.tensors + counts.tensor_sets + counts.slots,
              0);
    neuron_emulator_counters emulator;
    ASSERT_EQ(neuron_emulator_get_counters(library_, &emulator, &status_), NEURON_OK);
    EXPECT_EQ(emulator.live_models + emulator.live_tensors + emulator.live_tensor_sets +
                  emulator.live_tensor_infos,
              0u);
    EXPECT_EQ(emulator.misuse_total, 0u);
  }

  using Memory = std::unique_ptr<void, decltype(&std::free)>;
  static Memory Allocate() {
    void* memory = std::aligned_alloc(neuron_page_size(), kRegion);
    std::memset(memory, 0, kRegion);
    return Memory(memory, &std::free);
  }

  const neuron_library* library_ = nullptr;
  Memory input_ = Allocate();
  Memory output_ = Allocate();
  neuron_stage_times times_{};
  neuron_slot_memory memory_{};
  neuron_status status_{};
};

TEST_F(NeuronCapiTest, OneLifeFromC) {
  const NeffFile neff;
  char message[256];
  EXPECT_EQ(neuron_capi_one_life(NEURON_EMBED_TEST_EMULATOR, neff.path().c_str(), input_.get(),
                                 output_.get(), kRegion, message, sizeof(message)),
            NEURON_OK)
      << message;
  EXPECT_STREQ(message, "");
}

TEST_F(NeuronCapiTest, TheLibraryIsDescribed) {
  neuron_library_info info;
  ASSERT_EQ(neuron_library_get_info(library_, &info, &status_), NEURON_OK);
  EXPECT_STREQ(info.path, NEURON_EMBED_TEST_EMULATOR);
  EXPECT_EQ(info.version_major, 2u);
  EXPECT_EQ(info.version_minor, 31u);
  EXPECT_EQ(info.generation, NEURON_GENERATION_FROM_2_30);
  EXPECT_EQ(info.emulated, 1);
  EXPECT_STREQ(info.missing_symbols, "");
  EXPECT_EQ(neuron_library_open(NEURON_EMBED_TEST_EMULATOR, &status_), library_);

  const neuron_library* old = neuron_library_open(NEURON_EMBED_TEST_EMULATOR_BASELINE, &status_);
  ASSERT_NE(old, nullptr) << status_.message;
  EXPECT_NE(old, library_);
  ASSERT_EQ(neuron_library_get_info(old, &info, &status_), NEURON_OK);
  EXPECT_EQ(info.generation, NEURON_GENERATION_BEFORE_2_30);
  EXPECT_EQ(info.has_nrt_3, 0);
  EXPECT_NE(std::strstr(info.missing_symbols, "nrt_tensor_write_batch"), nullptr);
}

TEST_F(NeuronCapiTest, TheBuildIsNamed) {
  const std::string build = neuron_build();
  const size_t plus = build.find('+');
  ASSERT_NE(plus, std::string::npos) << build;
  EXPECT_EQ(build.find_first_of("0123456789"), 0u) << build;
  EXPECT_EQ(build.size() - plus - 1, 16u) << build;
  EXPECT_EQ(build.find_first_not_of("0123456789abcdef", plus + 1), std::string::npos) << build;
}

TEST_F(NeuronCapiTest, AbsenceIsAStatusWithALinePerAttempt) {
  EXPECT_EQ(neuron_library_open("/nonexistent/libnrt.so.1", &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_UNAVAILABLE);
  EXPECT_EQ(status_.core, -1);
  EXPECT_NE(std::strstr(status_.message, "/nonexistent/libnrt.so.1"), nullptr) << status_.message;
}

TEST_F(NeuronCapiTest, NullHandlesAreArgumentsNotCrashes) {
  EXPECT_EQ(neuron_library_get_info(nullptr, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_library_get_info(library_, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_emulator_configure(nullptr, "{}", &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_emulator_set_faults(library_, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_emulator_get_counters(library_, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_emulator_reset_counters(nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_runtime_open(nullptr, nullptr, &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_runtime_close(nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_runtime_get_info(nullptr, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_runtime_get_memory_stats(nullptr, 0, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_model_load(nullptr, "x", 0, &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_model_unload(nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_model_get_tensor_count(nullptr, NEURON_INPUT), -1);
  EXPECT_EQ(neuron_model_get_region_size(nullptr, NEURON_INPUT), 0u);
  EXPECT_EQ(neuron_model_get_tensor(nullptr, 0, 0, nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_slot_create(nullptr, 0, &memory_, &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_slot_destroy(nullptr, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_slot_execute(nullptr, UINT64_MAX, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_slot_get_input_path(nullptr), -1);
  EXPECT_STREQ(neuron_slot_get_input_path_reason(nullptr), "");
  neuron_get_live_counts(nullptr);
  EXPECT_EQ(neuron_slot_execute(nullptr, UINT64_MAX, nullptr), NEURON_ERROR_ARGUMENT)
      << "without a status too";
}

TEST_F(NeuronCapiTest, ParentsOutliveTheirChildren) {
  const NeffFile neff;
  neuron_runtime* runtime = neuron_runtime_open(library_, nullptr, &status_);
  ASSERT_NE(runtime, nullptr) << status_.message;
  EXPECT_EQ(neuron_runtime_open(library_, nullptr, &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_STATE);
  neuron_model* model = neuron_model_load(runtime, neff.path().c_str(), 1, &status_);
  ASSERT_NE(model, nullptr) << status_.message;
  neuron_slot* slot = neuron_slot_create(model, NEURON_PATH_WRITE, &memory_, &status_);
  ASSERT_NE(slot, nullptr) << status_.message;

  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_ERROR_STATE);
  EXPECT_STREQ(status_.message, "the Neuron runtime still has 1 models; unload them first");
  EXPECT_EQ(neuron_model_unload(model, &status_), NEURON_ERROR_STATE);
  EXPECT_EQ(neuron_slot_execute(slot, UINT64_MAX, &status_), NEURON_OK) << "still there";

  EXPECT_EQ(neuron_slot_destroy(slot, &status_), NEURON_OK);
  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_ERROR_STATE);
  EXPECT_EQ(neuron_model_unload(model, &status_), NEURON_OK);
  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_OK);
}

TEST_F(NeuronCapiTest, TensorsAndRegionsAreDescribed) {
  const NeffFile neff;
  neuron_runtime_options options{};
  options.visible_cores = "1";
  neuron_runtime* runtime = neuron_runtime_open(library_, &options, &status_);
  ASSERT_NE(runtime, nullptr) << status_.message;
  neuron_runtime_info runtime_info;
  ASSERT_EQ(neuron_runtime_get_info(runtime, &runtime_info, &status_), NEURON_OK);
  EXPECT_EQ(runtime_info.visible_core_count, 1);
  EXPECT_EQ(runtime_info.total_core_count, 2);
  EXPECT_EQ(runtime_info.instance_family, 4u);
  neuron_model* model = neuron_model_load(runtime, neff.path().c_str(), 0, &status_);
  ASSERT_NE(model, nullptr) << status_.message;

  EXPECT_EQ(neuron_model_get_tensor_count(model, NEURON_INPUT), 2);
  EXPECT_EQ(neuron_model_get_tensor_count(model, NEURON_OUTPUT), 1);
  EXPECT_EQ(neuron_model_get_tensor_count(model, 2), -1);
  EXPECT_EQ(neuron_model_get_region_size(model, NEURON_INPUT), neuron_page_size());
  EXPECT_EQ(neuron_model_get_region_size(model, 2), 0u);
  neuron_tensor_info info;
  ASSERT_EQ(neuron_model_get_tensor(model, NEURON_INPUT, 1, &info, &status_), NEURON_OK);
  EXPECT_STREQ(info.name, "input1");
  EXPECT_EQ(info.rank, 2u);
  EXPECT_EQ(info.shape[0], 1u);
  EXPECT_EQ(info.shape[1], 32u);
  EXPECT_EQ(info.size, 128u);
  EXPECT_EQ(info.region_offset, 128u);
  EXPECT_EQ(neuron_model_get_tensor(model, NEURON_INPUT, 2, &info, &status_),
            NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_model_get_tensor(model, NEURON_INPUT, -1, &info, &status_),
            NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_model_get_tensor(model, 7, 0, &info, &status_), NEURON_ERROR_ARGUMENT);

  EXPECT_EQ(neuron_slot_create(model, 5, &memory_, &status_), nullptr);
  EXPECT_EQ(neuron_slot_create(model, -1, &memory_, &status_), nullptr);
  EXPECT_EQ(neuron_slot_create(model, 0, nullptr, &status_), nullptr);
  EXPECT_EQ(status_.kind, NEURON_ERROR_ARGUMENT);
  memory_.output_region_size = neuron_page_size() - 1;
  EXPECT_EQ(neuron_slot_create(model, 0, &memory_, &status_), nullptr);
  EXPECT_NE(std::strstr(status_.message, "output region"), nullptr) << status_.message;

  EXPECT_EQ(neuron_model_unload(model, &status_), NEURON_OK);
  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_OK);
}

TEST_F(NeuronCapiTest, AnNrtFailureCarriesItsNumberCoreAndOperation) {
  const NeffFile neff;
  neuron_runtime* runtime = neuron_runtime_open(library_, nullptr, &status_);
  neuron_model* model = neuron_model_load(runtime, neff.path().c_str(), 1, &status_);
  memory_.stage_times = nullptr;
  neuron_slot* slot = neuron_slot_create(model, NEURON_PATH_WRITE_BATCH, &memory_, &status_);
  ASSERT_NE(slot, nullptr) << status_.message;
  ASSERT_EQ(neuron_emulator_set_faults(library_, R"([{"call":"execute","nth":1,"status":4242}])",
                                       &status_),
            NEURON_OK);
  EXPECT_EQ(neuron_slot_execute(slot, UINT64_MAX, &status_), NEURON_ERROR_NRT);
  EXPECT_EQ(status_.nrt_status, 4242u);
  EXPECT_EQ(status_.core, 1);
  EXPECT_STREQ(status_.operation, "nrt_execute");
  EXPECT_STREQ(status_.message, "nrt_execute, core 1: NRT status 4242");
  EXPECT_EQ(neuron_slot_execute(slot, UINT64_MAX, &status_), NEURON_OK);
  EXPECT_STREQ(status_.message, "") << "success leaves nothing of the failure before";
  EXPECT_EQ(status_.nrt_status, 0u);
  neuron_emulator_core core;
  ASSERT_EQ(neuron_emulator_get_core(library_, 1, &core, &status_), NEURON_OK);
  EXPECT_EQ(core.dead, 0);
  EXPECT_GE(core.executions, 1u);
  EXPECT_EQ(neuron_emulator_get_core(library_, 99, &core, &status_), NEURON_ERROR_NRT);
  EXPECT_EQ(neuron_slot_destroy(slot, &status_), NEURON_OK);
  EXPECT_EQ(neuron_model_unload(model, &status_), NEURON_OK);
  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_OK);
}

TEST_F(NeuronCapiTest, AnExecutingSlotIsNotDestroyed) {
  ASSERT_EQ(neuron_emulator_configure(
                library_, R"({"lockDirectory":"","timing":{"fallback":{"baseMicros":1000000}}})",
                &status_),
            NEURON_OK);
  const NeffFile neff;
  neuron_runtime* runtime = neuron_runtime_open(library_, nullptr, &status_);
  neuron_model* model = neuron_model_load(runtime, neff.path().c_str(), 0, &status_);
  neuron_slot* slot = neuron_slot_create(model, NEURON_PATH_WRITE_BATCH, &memory_, &status_);
  ASSERT_NE(slot, nullptr) << status_.message;
  const auto bytes_written = [&] {
    neuron_emulator_core core{};
    EXPECT_EQ(neuron_emulator_get_core(library_, 0, &core, &status_), NEURON_OK);
    return core.bytes_written;
  };
  const uint64_t before = bytes_written();
  std::thread executing(
      [&] { EXPECT_EQ(neuron_slot_execute(slot, UINT64_MAX, nullptr), NEURON_OK); });
  while (bytes_written() == before) std::this_thread::yield();
  EXPECT_EQ(neuron_slot_execute(slot, UINT64_MAX, &status_), NEURON_ERROR_STATE);
  const int32_t destroyed = neuron_slot_destroy(slot, &status_);
  executing.join();
  ASSERT_EQ(destroyed, NEURON_ERROR_STATE);
  EXPECT_EQ(neuron_slot_destroy(slot, &status_), NEURON_OK);
  EXPECT_EQ(neuron_model_unload(model, &status_), NEURON_OK);
  EXPECT_EQ(neuron_runtime_close(runtime, &status_), NEURON_OK);
}

TEST_F(NeuronCapiTest, WhatIsNotTheEmulatorHasNoEmulatorFunctions) {
  neuron_emulator_counters counters;
  EXPECT_EQ(neuron_emulator_get_counters(nullptr, &counters, &status_), NEURON_ERROR_ARGUMENT);
  EXPECT_EQ(neuron_emulator_configure(library_, "{", &status_), NEURON_ERROR_NRT);
  EXPECT_EQ(status_.nrt_status, 2u);
  EXPECT_STREQ(status_.operation, "nrt_emulator_configure");
}

TEST_F(NeuronCapiTest, StatusNamesAndClasses) {
  EXPECT_STREQ(neuron_nrt_status_name(1006), "NRT_EXEC_OOB");
  EXPECT_EQ(neuron_nrt_status_class(1006), NEURON_CLASS_BAD_DATA);
  EXPECT_EQ(neuron_nrt_status_name(8), nullptr);
  EXPECT_EQ(neuron_nrt_status_class(8), NEURON_CLASS_UNSPECIFIC);
}

TEST(GuardTest, EveryExceptionBecomesAStatus) {
  neuron_status status;
  EXPECT_EQ(capi::Guard(&status, [] { throw std::bad_alloc(); }), NEURON_ERROR_MEMORY);
  EXPECT_EQ(capi::Guard(&status, [] { throw std::runtime_error("broken"); }),
            NEURON_ERROR_INTERNAL);
  EXPECT_STREQ(status.message, "broken");
  EXPECT_EQ(capi::Guard(&status, [] { throw 7; }), NEURON_ERROR_INTERNAL);
  EXPECT_STREQ(status.message, "unknown C++ exception");
}

TEST(GuardTest, LongMessagesAreCutBetweenCharacters) {
  neuron_status status;
  // One byte, then characters of two bytes: a simple cut would split a character.
  std::string text = "a";
  while (text.size() < 2 * NEURON_MESSAGE_SIZE) text += "\xC3\xA9";
  capi::Guard(&status, [&] { throw Error(ErrorKind::kFile, text); });
  const std::string cut = status.message;
  EXPECT_EQ(cut.size(), static_cast<size_t>(NEURON_MESSAGE_SIZE) - 1);
  EXPECT_EQ(cut, text.substr(0, cut.size()));
  EXPECT_EQ((cut.size() - 1) % 2, 0u);
}

}  // namespace
}  // namespace neuron_embed::testing
