// Small BERT models with random weights, as weights files, and what they should compute.

#ifndef NEURON_EMBED_TEST_ENCODER_SMALL_BERT_H_
#define NEURON_EMBED_TEST_ENCODER_SMALL_BERT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "encoder/bert_config.h"

namespace neuron_embed::encoder::testing {

// A file name of its own in the test's folder, and the file's end with the object.
class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name);
  ~TemporaryPath();
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  const std::string& string() const { return path_; }
  const char* c_str() const { return path_.c_str(); }

 private:
  std::string path_;
};

// 2 layers of 40 in 5 heads, intermediate 100: no size is a multiple of a block.
BertConfig OddConfig();
// 2 layers of 192 in 6 heads of 32, intermediate 400: several blocks.
BertConfig WideConfig();

using Text = std::vector<int32_t>;

// `length` ids of the vocabulary, the same for the same seed.
Text RandomText(const BertConfig& config, int length, uint32_t seed);

class SmallBert {
 public:
  SmallBert(const BertConfig& config, uint32_t seed);

  const BertConfig& config() const { return config_; }
  // The bytes of its weights file.
  std::string File() const;
  // In double precision, written down from the definition.
  std::vector<double> Embed(const Text& text) const;

 private:
  BertConfig config_;
  std::vector<float> tensors_;  // in the order of the file
};

void WriteFile(const std::string& path, const std::string& bytes);
std::string ReadFile(const std::string& path);

double Cosine(const float* a, const double* b, size_t size);

}  // namespace neuron_embed::encoder::testing

#endif  // NEURON_EMBED_TEST_ENCODER_SMALL_BERT_H_
