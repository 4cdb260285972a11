// A C program for libnrt, linked with the emulator, and run with LD_PRELOAD.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "neff_builder.h"

namespace neuron_embed::emulator {
namespace {

struct Outcome {
  int exit_code;
  std::string output;
};

Outcome Shell(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::string output;
  char buffer[512];
  for (size_t size; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    output.append(buffer, size);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

class ProgramTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "/program-test-" + std::to_string(::getpid()) + ".neff";
    std::ofstream(path_, std::ios::binary) << ToyNeff();
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::string path_;
};

TEST_P(ProgramTest, RunsUnchanged) {
  const std::string environment =
      R"(NRT_EMULATOR_CONFIG='{"cores": 3, "lockDirectory": ""}' NEURON_RT_LOG_LEVEL=ERROR )";
  const Outcome outcome = Shell(environment + GetParam() + " " + path_);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  for (const char* core : {"core 0 output0 768 bytes", "core 1 output0", "core 2 output0"}) {
    EXPECT_NE(outcome.output.find(core), std::string::npos) << outcome.output;
  }
  EXPECT_EQ(outcome.output.find("misuse"), std::string::npos) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Ways, ProgramTest,
                         ::testing::Values(NEURON_EMBED_TEST_PROGRAM,
                                         "LD_PRELOAD=" NEURON_EMBED_TEST_EMULATOR
                                         " " NEURON_EMBED_TEST_PRELOAD_PROGRAM,
                                         "LD_PRELOAD=" NEURON_EMBED_TEST_EMULATOR_BASELINE
                                         " " NEURON_EMBED_TEST_PRELOAD_PROGRAM),
                         [](const ::testing::TestParamInfo<const char*>& way) {
                           return std::string(way.index == 0   ? "Linked"
                                              : way.index == 1 ? "Preloaded"
                                                               : "PreloadedBaseline");
                         });

}  // namespace
}  // namespace neuron_embed::emulator
