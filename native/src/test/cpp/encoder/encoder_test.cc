// Compares whole encoders with the definition in double precision, through the C interface.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "allocation_counter.h"
#include "capi/encoder_capi.h"
#include "small_bert.h"

namespace neuron_embed::encoder::testing {
namespace {

using ::neuron_embed::testing::AllocationsOfThisThread;

constexpr int32_t kStride = 600;

// Texts in the form of the C interface.
struct Batch {
  explicit Batch(const std::vector<Text>& texts) {
    for (const Text& text : texts) {
      lengths.push_back(static_cast<int32_t>(text.size()));
      ids.insert(ids.end(), text.begin(), text.end());
      ids.resize(lengths.size() * kStride, -1);  // not an id, so it must not be read
    }
  }
  int32_t size() const { return static_cast<int32_t>(lengths.size()); }

  std::vector<int32_t> ids;
  std::vector<int32_t> lengths;
};

class Prepared {
 public:
  Prepared(const SmallBert& bert, int32_t precision) : path_("encoder_test.prepared") {
    const TemporaryPath weights("encoder_test.weights");
    WriteFile(weights.string(), bert.File());
    std::vector<Text> texts;
    for (uint32_t i = 0; i < 8; ++i) {
      texts.push_back(RandomText(bert.config(), 10 + static_cast<int>(i), 100 + i));
    }
    const Batch batch(texts);
    neuron_status status;
    EXPECT_EQ(NEURON_OK, neuron_encoder_prepare(weights.c_str(), path_.c_str(), precision, nullptr,
                                                batch.ids.data(), kStride, batch.lengths.data(),
                                                batch.size(), &status))
        << status.message;
  }
  const char* path() const { return path_.c_str(); }

 private:
  TemporaryPath path_;
};

// An encoder with one session.
class Open {
 public:
  Open(const char* path, const char* kernel, int32_t threads = 1) {
    neuron_status status;
    encoder_ = neuron_encoder_open(path, kernel, &status);
    EXPECT_NE(nullptr, encoder_) << status.message;
    session_ = neuron_encoder_session_new(encoder_, 1200, 40, threads, &status);
    EXPECT_NE(nullptr, session_) << status.message;
  }
  ~Open() {
    EXPECT_EQ(NEURON_OK, neuron_encoder_session_close(session_, nullptr));
    EXPECT_EQ(NEURON_OK, neuron_encoder_close(encoder_, nullptr));
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  std::vector<float> Run(const std::vector<Text>& texts) {
    const Batch batch(texts);
    neuron_encoder_info info;
    EXPECT_EQ(NEURON_OK, neuron_encoder_get_info(encoder_, &info, nullptr));
    std::vector<float> out(texts.size() * static_cast<size_t>(info.hidden));
    neuron_status status;
    EXPECT_EQ(NEURON_OK,
              neuron_encoder_run(session_, batch.ids.data(), kStride, batch.lengths.data(),
                                 batch.size(), out.data(), &status))
        << status.message;
    return out;
  }
  neuron_encoder* encoder() { return encoder_; }
  neuron_encoder_session* session() { return session_; }

 private:
  neuron_encoder* encoder_;
  neuron_encoder_session* session_;
};

std::vector<std::string> KernelNames() {
  std::vector<std::string> names;
  for (int32_t i = 0; i < neuron_encoder_kernel_count(); ++i) {
    names.emplace_back(neuron_encoder_kernel_name(i));
  }
  return names;
}

std::vector<Text> Texts(const BertConfig& config, const std::vector<int>& lengths) {
  std::vector<Text> texts;
  for (int length : lengths) {
    texts.push_back(RandomText(config, length, static_cast<uint32_t>(length + 1)));
  }
  return texts;
}

void ExpectRight(const BertConfig& config, const std::vector<int>& lengths, int32_t precision,
                 double least) {
  const SmallBert bert(config, 7);
  const Prepared prepared(bert, precision);
  const std::vector<Text> texts = Texts(config, lengths);
  const auto hidden = static_cast<size_t>(config.hidden);
  std::vector<std::vector<double>> expected;
  for (const Text& text : texts) expected.push_back(bert.Embed(text));
  for (const std::string& kernel : KernelNames()) {
    Open encoder(prepared.path(), kernel.c_str());
    const std::vector<float> together = encoder.Run(texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_GE(Cosine(together.data() + i * hidden, expected[i].data(), hidden), least)
          << kernel << ", text of " << texts[i].size();
      const std::vector<float> alone = encoder.Run({texts[i]});
      for (size_t j = 0; j < hidden; ++j) {
        ASSERT_EQ(alone[j], together[i * hidden + j])
            << kernel << ": the vector of a text of " << texts[i].size()
            << " depends on the others";
      }
    }
  }
}

TEST(EncoderTest, ExactEqualsTheDefinition) {
  ExpectRight(OddConfig(), {1, 2, 3, 17, 64, 65}, NEURON_ENCODER_EXACT, 0.999999);
  ExpectRight(WideConfig(), {1, 5, 30}, NEURON_ENCODER_EXACT, 0.999999);
}

TEST(EncoderTest, Int8IsNearTheDefinition) {
  ExpectRight(OddConfig(), {1, 2, 3, 17, 64, 65}, NEURON_ENCODER_INT8, 0.999);
  ExpectRight(WideConfig(), {1, 5, 30}, NEURON_ENCODER_INT8, 0.999);
}

// With the portable kernel, which is the reference for the others.
TEST(EncoderTest, LongTextsAreTheSameInEveryKernel) {
  const SmallBert bert(OddConfig(), 8);
  const Prepared prepared(bert, NEURON_ENCODER_EXACT);
  const std::vector<Text> texts = Texts(bert.config(), {511, 512, 1});
  Open portable(prepared.path(), "portable");
  const std::vector<float> expected = portable.Run(texts);
  const std::vector<double> reference(expected.begin(), expected.end());
  for (const std::string& kernel : KernelNames()) {
    Open encoder(prepared.path(), kernel.c_str());
    const std::vector<float> out = encoder.Run(texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_GE(Cosine(out.data() + i * 40, reference.data() + i * 40, 40), 0.999999) << kernel;
    }
  }
}

TEST(EncoderTest, ThreadsDoNotChangeTheVectors) {
  for (const BertConfig& config : {OddConfig(), WideConfig()}) {
    const SmallBert bert(config, 9);
    const Prepared prepared(bert, NEURON_ENCODER_INT8);
    const std::vector<Text> texts = Texts(config, {70, 1, 33});
    Open one(prepared.path(), nullptr);
    Open three(prepared.path(), nullptr, 3);
    for (int round = 0; round < 3; ++round) EXPECT_EQ(one.Run(texts), three.Run(texts));
    EXPECT_EQ(one.Run({texts[1]}), three.Run({texts[1]}));
  }
}

TEST(EncoderTest, SessionsOfOneEncoderRunAtOnce) {
  const SmallBert bert(OddConfig(), 10);
  const Prepared prepared(bert, NEURON_ENCODER_INT8);
  const std::vector<Text> texts = Texts(bert.config(), {20, 3});
  Open first(prepared.path(), nullptr);
  const std::vector<float> expected = first.Run(texts);
  std::vector<std::thread> threads;
  std::atomic<int> different{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Open own(prepared.path(), nullptr);
      for (int round = 0; round < 5; ++round) {
        if (own.Run(texts) != expected) ++different;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(0, different.load());
}

TEST(EncoderTest, ARunAllocatesNothing) {
  const SmallBert bert(OddConfig(), 11);
  const Prepared prepared(bert, NEURON_ENCODER_INT8);
  Open encoder(prepared.path(), nullptr);
  const Batch batch(Texts(bert.config(), {20, 3, 70}));
  std::vector<float> out(3 * 40);
  const int before = AllocationsOfThisThread();
  EXPECT_EQ(NEURON_OK, neuron_encoder_run(encoder.session(), batch.ids.data(), kStride,
                                          batch.lengths.data(), batch.size(), out.data(), nullptr));
  EXPECT_EQ(before, AllocationsOfThisThread());
}

TEST(EncoderTest, RefusesWhatItWasNotMadeFor) {
  const SmallBert bert(OddConfig(), 12);
  const Prepared prepared(bert, NEURON_ENCODER_EXACT);
  Open encoder(prepared.path(), nullptr);
  const auto run = [&](const std::vector<int32_t>& ids, int32_t stride,
                       const std::vector<int32_t>& lengths) {
    std::vector<float> out(64 * 40, 5.0F);
    neuron_status status;
    const int32_t kind =
        neuron_encoder_run(encoder.session(), ids.data(), stride, lengths.data(),
                           static_cast<int32_t>(lengths.size()), out.data(), &status);
    EXPECT_EQ(kind, status.kind);
    EXPECT_NE('\0', status.message[0]);
    for (float value : out) EXPECT_EQ(5.0F, value);
    return kind;
  };
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1, 50}, 2, {2}));  // outside the vocabulary
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1, -1}, 2, {2}));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1, 2}, 2, {0}));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1, 2}, 2, {-1}));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1, 2}, 2, {3}));  // longer than the row
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({}, 0, {1}));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run({1}, 1, {}));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, run(std::vector<int32_t>(601, 1), 601, {601}));  // positions
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            run(std::vector<int32_t>(1800, 1), 600, {600, 600, 1}));  // tokens of the session
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            run(std::vector<int32_t>(41, 1), 1, std::vector<int32_t>(41, 1)));  // texts of it

  neuron_status status;
  for (const auto& sizes : std::vector<std::vector<int32_t>>{
           {0, 1, 1}, {1, 0, 1}, {1, 2, 1}, {1, 1, 0}, {1, 1, 257}, {(1 << 20) + 1, 1, 1}}) {
    EXPECT_EQ(nullptr,
              neuron_encoder_session_new(encoder.encoder(), sizes[0], sizes[1], sizes[2], &status));
    EXPECT_EQ(NEURON_ERROR_ARGUMENT, status.kind);
  }
}

TEST(EncoderTest, IsClosedAfterItsSessions) {
  const SmallBert bert(OddConfig(), 13);
  const Prepared prepared(bert, NEURON_ENCODER_EXACT);
  neuron_status status;
  neuron_encoder* encoder = neuron_encoder_open(prepared.path(), nullptr, &status);
  ASSERT_NE(nullptr, encoder);
  neuron_encoder_session* session = neuron_encoder_session_new(encoder, 8, 1, 1, &status);
  ASSERT_NE(nullptr, session);
  EXPECT_GT(neuron_encoder_session_bytes(session), 0U);
  EXPECT_EQ(NEURON_ERROR_STATE, neuron_encoder_close(encoder, &status));
  neuron_encoder_live_counts counts;
  neuron_encoder_get_live_counts(&counts);
  EXPECT_EQ(1, counts.encoders);
  EXPECT_EQ(1, counts.sessions);
  EXPECT_EQ(NEURON_OK, neuron_encoder_session_close(session, &status));
  EXPECT_EQ(NEURON_OK, neuron_encoder_close(encoder, &status));
  neuron_encoder_get_live_counts(&counts);
  EXPECT_EQ(0, counts.encoders);
  EXPECT_EQ(0, counts.sessions);
}

TEST(EncoderTest, SaysWhatIsNull) {
  neuron_status status;
  EXPECT_EQ(nullptr, neuron_encoder_open(nullptr, nullptr, &status));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, status.kind);
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, neuron_encoder_close(nullptr, &status));
  EXPECT_EQ(nullptr, neuron_encoder_session_new(nullptr, 1, 1, 1, &status));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT, neuron_encoder_session_close(nullptr, &status));
  EXPECT_EQ(NEURON_ERROR_ARGUMENT,
            neuron_encoder_run(nullptr, nullptr, 1, nullptr, 1, nullptr, nullptr));
  EXPECT_EQ(0U, neuron_encoder_session_bytes(nullptr));
  EXPECT_EQ(nullptr, neuron_encoder_kernel_name(-1));
  EXPECT_EQ(nullptr, neuron_encoder_kernel_name(neuron_encoder_kernel_count()));
  EXPECT_STREQ("portable", KernelNames().back().c_str());
}

}  // namespace
}  // namespace neuron_embed::encoder::testing
