// The vendor's own example of a libnrt program ("run_neff" of the NRT developer guide), compiled
// against the vendor's headers and run on the emulator. Neither is part of this project: the test
// is skipped unless the build was given a folder that has them (CMakeLists.txt).

#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "emulator_test.h"

namespace neuron_embed::emulator {
namespace {

void WriteFile(const std::string& path, const void* bytes, size_t size) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

TEST(VendorExampleTest, RunsUnchangedAndGivesTheHash) {
  const std::string program = NEURON_EMBED_TEST_VENDOR_EXAMPLE;
  if (program.empty()) GTEST_SKIP() << "no folder with the vendor's headers and guide was given";
  const TemporaryFolder folder;
  const ToySpec spec;
  const std::vector<int32_t> ids = SomeIds(spec);
  std::vector<int32_t> mask = FullMask(spec);
  mask[spec.sequence_length - 1] = 0;
  const std::string neff = ToyNeff(spec);
  WriteFile(folder.path() + "/toy.neff", neff.data(), neff.size());
  WriteFile(folder.path() + "/ids", ids.data(), spec.input_bytes());
  WriteFile(folder.path() + "/mask", mask.data(), spec.input_bytes());

  const std::string command = "cd " + folder.path() +
                              R"( && NRT_EMULATOR_CONFIG='{"cores": 2, "lockDirectory": ""}' )" +
                              program + " toy.neff input0 ids input1 mask >out 2>&1";
  const int status = std::system(command.c_str());
  const std::string output = ReadFile(folder.path() + "/out");
  ASSERT_TRUE(WIFEXITED(status)) << output;
  EXPECT_EQ(WEXITSTATUS(status), 0) << output;
  EXPECT_NE(output.find("DONE"), std::string::npos) << output;
  const std::string vectors = ReadFile(folder.path() + "/output0.out");
  ASSERT_EQ(vectors.size(), spec.output_bytes()) << output;
  for (size_t row = 0; row < spec.batch; ++row) {
    const std::vector<float> expected =
        HashVector(ids, mask, row, spec.sequence_length, spec.hidden_size);
    const size_t bytes = expected.size() * sizeof(float);
    EXPECT_EQ(std::memcmp(vectors.data() + row * bytes, expected.data(), bytes), 0) << row;
  }
  // It frees tensors while their sets are alive, which the header forbids: the emulator says so.
  EXPECT_NE(output.find("tensors must outlive their sets"), std::string::npos) << output;
}

}  // namespace
}  // namespace neuron_embed::emulator
