// The configuration: its sources, and refused values.

#include "config.h"

#include <fstream>

#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

using ConfigTest = EmulatorTest;

TEST_F(ConfigTest, DefaultsAreAnInf2Xlarge) {
  const Config config = DefaultConfig();
  EXPECT_EQ(config.cores, 2u);
  EXPECT_EQ(config.devices, 1u);
  EXPECT_EQ(config.queue_depth, 8u);
  EXPECT_EQ(config.timing.ServiceNanos(1, 256, 0), 0);
  EXPECT_EQ(config.compute_threads, 1u);
}

struct BadConfig {
  const char* json;
  const char* message;  // a part of the message
};

class BadConfigTest : public ConfigTest, public ::testing::WithParamInterface<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedWithItsReason) {
  Config config = DefaultConfig();
  config.cores = 77;
  std::string error;
  EXPECT_FALSE(ParseConfig(GetParam().json, &config, &error));
  EXPECT_NE(error.find(GetParam().message), std::string::npos) << error;
  EXPECT_EQ(config.cores, 77u) << "left alone";
  EXPECT_EQ(nrt_emulator_configure(GetParam().json), uint32_t{nrt::NRT_INVALID});
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadConfigTest,
    ::testing::Values(
        BadConfig{"", "not valid JSON"}, BadConfig{"{", "not valid JSON at byte 2"},
        BadConfig{"[]", "must be an object"},
        BadConfig{R"({"core": 2})", "unknown key core; known here: instance, cores,"},
        BadConfig{R"({"cores": -1})", "cores must be a whole number from 0 to 512"},
        BadConfig{R"({"cores": 2.5})", "cores must be a whole number"},
        BadConfig{R"({"cores": 513})", "cores must be"},
        BadConfig{R"({"cores": "2"})", "cores must be"},
        BadConfig{R"({"instance": "inf1.xlarge"})", "instance must be one of: inf2.xlarge,"},
        BadConfig{R"({"queueDepth": 0})", "queueDepth must be"},
        BadConfig{R"({"queueFull": "drop"})", "queueFull must be one of: wait, refuse"},
        BadConfig{R"({"lockDirectory": 3})", "lockDirectory must be a string"},
        BadConfig{R"({"allowSharedInputs": 1})", "allowSharedInputs must be true or false"},
        BadConfig{R"({"runtime": {"version": "new"}})", "runtime.version must be a version"},
        BadConfig{R"({"runtime": {"version": "2.3"}})", "runtime.version must be a version"},
        BadConfig{R"({"runtime": {"version": "2.3.4.5.6"}})", "runtime.version"},
        BadConfig{R"({"runtime": {"dtype": "old"}})", "unknown key runtime.dtype"},
        BadConfig{R"({"timing": []})", "timing must be an object"},
        BadConfig{R"({"timing": {"service": [{"batch": 1, "micros": 5}]}})", "timing.service[]"},
        BadConfig{R"({"timing": {"fallback": {"baseMicros": -1}}})", "timing.fallback.baseMicros"},
        BadConfig{R"({"timing": {"jitter": {"fraction": 2}}})", "timing.jitter.fraction"},
        BadConfig{R"({"timing": {"write": {"perCall": 2}}})", "unknown key timing.write.perCall"},
        BadConfig{R"({"compute": {"threads": 0}})", "compute.threads"},
        BadConfig{R"({"faults": {}})", "faults must be an array"},
        BadConfig{R"({"faults": [{"status": 1}]})", "faults[].call must be given"}));

TEST_F(ConfigTest, EnvironmentHoldsTextOrAPath) {
  uint32_t count = 0;
  {
    const ScopedVariable variable("NRT_EMULATOR_CONFIG", R"(  {"cores": 6})");
    ASSERT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_SUCCESS);
    EXPECT_EQ(count, 6u);
    Configure(R"("cores": 3)");
    ASSERT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_SUCCESS);
    EXPECT_EQ(count, 3u) << "nrt_emulator_configure wins";
    ASSERT_EQ(nrt_emulator_configure(nullptr), 0u);
    ASSERT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_SUCCESS);
    EXPECT_EQ(count, 6u);
  }
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/config.json";
  std::ofstream(path) << R"({"cores": 7})";
  {
    const ScopedVariable variable("NRT_EMULATOR_CONFIG", path.c_str());
    ASSERT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_SUCCESS);
    EXPECT_EQ(count, 7u);
  }
  for (const char* bad : {"/no/such/file", "/tmp", R"({"cors": 1})"}) {
    const ScopedVariable variable("NRT_EMULATOR_CONFIG", bad);
    EXPECT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_INVALID);
    EXPECT_EQ(nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""), nrt::NRT_INVALID);
  }
}

TEST_F(ConfigTest, NotWhileInitialised) {
  Start(R"("cores": 4)");
  EXPECT_EQ(nrt_emulator_configure("{}"), uint32_t{nrt::NRT_INVALID});
  uint32_t count = 0;
  EXPECT_EQ(nrt_get_total_nc_count(&count), nrt::NRT_SUCCESS);
  EXPECT_EQ(count, 4u);
}

TEST_F(ConfigTest, ControlFunctionsCheckTheirArguments) {
  size_t count = 0;
  nrt_emulator_execution_t execution;
  nrt_emulator_core_t core;
  EXPECT_EQ(nrt_emulator_get_counters(nullptr, 0), uint32_t{nrt::NRT_INVALID});
  EXPECT_EQ(nrt_emulator_get_executions(99, &execution, 1, &count), uint32_t{nrt::NRT_INVALID});
  EXPECT_EQ(nrt_emulator_get_core(-1, &core, sizeof(core)), uint32_t{nrt::NRT_INVALID});
  EXPECT_STREQ(nrt_emulator_misuse_name(NRT_EMULATOR_MISUSE_DOUBLE_FREE), "double_free");
  EXPECT_STREQ(nrt_emulator_misuse_name(NRT_EMULATOR_MISUSE_PLACEMENT), "placement");
  EXPECT_EQ(nrt_emulator_misuse_name(NRT_EMULATOR_MISUSE_KINDS), nullptr);
}

}  // namespace
}  // namespace neuron_embed::emulator
