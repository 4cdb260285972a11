// The encoder refuses files that are damaged, of another kind or incomplete.

#include "encoder/prepared_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "capi/encoder_capi.h"
#include "encoder/error.h"
#include "encoder/prepare.h"
#include "encoder/weights_file.h"
#include "small_bert.h"

namespace neuron_embed::encoder::testing {
namespace {

class PreparedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteFile(weights_.string(), bert_.File());
    neuron_status status;
    ASSERT_EQ(NEURON_OK, Prepare(&status)) << status.message;
    bytes_ = ReadFile(prepared_.string());
  }

  int32_t Prepare(neuron_status* status) {
    return neuron_encoder_prepare(weights_.c_str(), prepared_.c_str(), NEURON_ENCODER_EXACT,
                                  nullptr, nullptr, 0, nullptr, 0, status);
  }

  // The status of opening `bytes` as a prepared file.
  int32_t Open(const std::string& bytes) {
    const TemporaryPath path("prepared_file_test.other");
    WriteFile(path.string(), bytes);
    neuron_status status;
    neuron_encoder* encoder = neuron_encoder_open(path.c_str(), nullptr, &status);
    if (encoder != nullptr) {
      EXPECT_EQ(NEURON_OK, neuron_encoder_close(encoder, nullptr));
    }
    return status.kind;
  }

  const SmallBert bert_{OddConfig(), 20};
  const TemporaryPath weights_{"prepared_file_test.weights"};
  const TemporaryPath prepared_{"prepared_file_test.prepared"};
  std::string bytes_;
};

TEST_F(PreparedFileTest, SaysWhatItHolds) {
  neuron_status status;
  neuron_encoder* encoder = neuron_encoder_open(prepared_.c_str(), "portable", &status);
  ASSERT_NE(nullptr, encoder) << status.message;
  neuron_encoder_info info;
  ASSERT_EQ(NEURON_OK, neuron_encoder_get_info(encoder, &info, &status));
  EXPECT_EQ(2, info.layers);
  EXPECT_EQ(40, info.hidden);
  EXPECT_EQ(5, info.heads);
  EXPECT_EQ(100, info.intermediate);
  EXPECT_EQ(50, info.vocabulary);
  EXPECT_EQ(600, info.positions);
  EXPECT_EQ(NEURON_ENCODER_POOLING_CLS, info.pooling);
  EXPECT_EQ(1, info.normalize);
  EXPECT_EQ(NEURON_ENCODER_EXACT, info.precision);
  EXPECT_STREQ("portable", info.kernel);
  EXPECT_STREQ("odd", info.identity);
  EXPECT_EQ(bytes_.size(), info.mapped_bytes);
  EXPECT_EQ(NEURON_OK, neuron_encoder_close(encoder, &status));
}

TEST_F(PreparedFileTest, IsTheSameForTheSameWeights) {
  neuron_status status;
  ASSERT_EQ(NEURON_OK, Prepare(&status)) << status.message;
  EXPECT_EQ(bytes_, ReadFile(prepared_.string()));
}

TEST_F(PreparedFileTest, IsRefusedWhenDamaged) {
  EXPECT_EQ(NEURON_OK, Open(bytes_));
  // Changes each byte of the header's fields, and bytes in all parts of the arrays.
  for (size_t at = 0; at < bytes_.size(); at += at < 192 ? 1 : 1009) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_EQ(NEURON_ERROR_PREPARED, Open(damaged)) << "byte " << at;
  }
}

TEST_F(PreparedFileTest, IsRefusedWhenCutOrForeign) {
  for (const size_t length : {size_t{0}, size_t{7}, size_t{191}, size_t{192}, bytes_.size() - 1}) {
    EXPECT_EQ(NEURON_ERROR_PREPARED, Open(bytes_.substr(0, length))) << length;
  }
  EXPECT_EQ(NEURON_ERROR_PREPARED, Open(bytes_ + std::string(64, '\0')));
  EXPECT_EQ(NEURON_ERROR_PREPARED, Open(std::string(bytes_.size(), 'x')));
  EXPECT_EQ(NEURON_ERROR_PREPARED, Open(bert_.File()));
  std::string version = bytes_;
  version[8] = static_cast<char>(version[8] + 1);
  EXPECT_EQ(NEURON_ERROR_PREPARED, Open(version));
  neuron_status status;
  EXPECT_EQ(nullptr, neuron_encoder_open("no-such-file", nullptr, &status));
  EXPECT_EQ(NEURON_ERROR_FILE, status.kind);
  EXPECT_EQ(nullptr, neuron_encoder_open(".", nullptr, &status));
  EXPECT_EQ(NEURON_ERROR_FILE, status.kind);
  EXPECT_EQ(nullptr, neuron_encoder_open(prepared_.c_str(), "none", &status));
  EXPECT_EQ(NEURON_ERROR_UNAVAILABLE, status.kind);
}

// A header may state sizes whose arrays do not fit into the address space or the file.
TEST_F(PreparedFileTest, ChecksSizesBeforeItBelievesThem) {
  for (const size_t field :
       {size_t{32}, size_t{36}, size_t{40}, size_t{44}, size_t{48}, size_t{52}}) {
    for (const int32_t value : {-1, 0, 1, 2147483647, -2147483647}) {
      std::string sized = bytes_;
      std::memcpy(sized.data() + field, &value, sizeof value);
      EXPECT_EQ(NEURON_ERROR_PREPARED, Open(sized)) << field << " " << value;
    }
  }
}

// Kills a child several times during a preparation. The file must then be the complete new one or
// the complete old one.
TEST_F(PreparedFileTest, IsWholeWheneverThePreparingProcessIsKilled) {
  std::string other_bytes;
  const SmallBert other(OddConfig(), 21);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      neuron_status status;
      for (;;) Prepare(&status);
    }
    usleep(static_cast<useconds_t>(round) * 1500);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(bytes_, ReadFile(prepared_.string()));
  }
  // The child may leave temporary files under other names.
  const std::string remove = "rm -f " + prepared_.string() + ".*.part";
  EXPECT_EQ(0, system(remove.c_str()));
}

TEST_F(PreparedFileTest, LeavesNothingWhenItFails) {
  neuron_status status;
  const std::string folder = prepared_.string() + "-folder";
  ASSERT_EQ(0, mkdir(folder.c_str(), 0700));
  // A file cannot replace a folder of that name.
  EXPECT_EQ(NEURON_ERROR_FILE,
            neuron_encoder_prepare(weights_.c_str(), folder.c_str(), NEURON_ENCODER_EXACT, nullptr,
                                   nullptr, 0, nullptr, 0, &status));
  const std::string inside = folder + "/none/file";
  EXPECT_EQ(NEURON_ERROR_FILE,
            neuron_encoder_prepare(weights_.c_str(), inside.c_str(), NEURON_ENCODER_EXACT, nullptr,
                                   nullptr, 0, nullptr, 0, &status));
  EXPECT_EQ(0, rmdir(folder.c_str()));
  EXPECT_NE(0, system(("ls " + folder + ".* >/dev/null 2>&1").c_str()));
}

TEST_F(PreparedFileTest, RefusesWeightsThatAreNotWhatTheHeaderDescribes) {
  const TemporaryPath wrong("prepared_file_test.wrong");
  const TemporaryPath target("prepared_file_test.target");
  const std::string right = bert_.File();
  const auto prepare = [&](const std::string& bytes) {
    WriteFile(wrong.string(), bytes);
    neuron_status status;
    const int32_t kind = neuron_encoder_prepare(wrong.c_str(), target.c_str(), NEURON_ENCODER_EXACT,
                                                nullptr, nullptr, 0, nullptr, 0, &status);
    EXPECT_NE(0, access(target.c_str(), F_OK));
    return kind;
  };
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(""));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(right.substr(0, 111)));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(right.substr(0, right.size() - 4)));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(right + "1234"));
  for (size_t field = 8; field < 48; field += 4) {
    std::string sized = right;
    const int32_t value = -1;  // NaN as a float
    std::memcpy(sized.data() + field, &value, sizeof value);
    EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(sized)) << field;
  }
  std::string infinite = right;
  const float infinity = INFINITY;
  std::memcpy(infinite.data() + infinite.size() - 4, &infinity, sizeof infinity);
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, prepare(infinite));
  neuron_status status;
  EXPECT_EQ(NEURON_ERROR_FILE,
            neuron_encoder_prepare("no-such-file", target.c_str(), NEURON_ENCODER_EXACT, nullptr,
                                   nullptr, 0, nullptr, 0, &status));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            neuron_encoder_prepare(weights_.c_str(), target.c_str(), 2, nullptr, nullptr, 0,
                                   nullptr, 0, &status));
  // int8 without calibration texts, then with an id outside the vocabulary.
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            neuron_encoder_prepare(weights_.c_str(), target.c_str(), NEURON_ENCODER_INT8, nullptr,
                                   nullptr, 0, nullptr, 0, &status));
  const int32_t id = 50;
  const int32_t length = 1;
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            neuron_encoder_prepare(weights_.c_str(), target.c_str(), NEURON_ENCODER_INT8, nullptr,
                                   &id, 1, &length, 1, &status));
  EXPECT_NE(0, access(target.c_str(), F_OK));
}

}  // namespace
}  // namespace neuron_embed::encoder::testing
