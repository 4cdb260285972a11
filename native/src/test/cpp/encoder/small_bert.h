// Small BERT models with random weights, as weights files, and their expected results.

#ifndef NEURON_EMBED_TEST_ENCODER_SMALL_BERT_H_
#define NEURON_EMBED_TEST_ENCODER_SMALL_BERT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "encoder/bert_config.h"

namespace neuron_embed::encoder::testing {

// A unique file name in the test's folder. The destructor deletes the file.
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

// 2 layers, hidden size 40, 5 heads, intermediate 100: no size is a multiple of a block.
BertConfig OddConfig();
// 2 layers, hidden size 192, 6 heads of 32, intermediate 400: several blocks.
BertConfig WideConfig();

using Text = std::vector<int32_t>;

// `length` random ids of the vocabulary; the same seed gives the same ids.
Text RandomText(const BertConfig& config, int length, uint32_t seed);

class SmallBert {
 public:
  SmallBert(const BertConfig& config, uint32_t seed);

  const BertConfig& config() const { return config_; }
  // The bytes of the model's weights file.
  std::string File() const;
  // Computes the result from the definition, in double precision.
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
