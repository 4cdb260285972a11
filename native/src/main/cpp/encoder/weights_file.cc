#include "encoder/weights_file.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "encoder/error.h"

namespace neuron_embed::encoder {
namespace {

constexpr char kWeightsMagic[] = "NEBERTW1";
constexpr int32_t kWeightsVersion = 1;
constexpr size_t kWeightsHeaderBytes = 112;

// Returns one tensor after the other from a range of floats. With a null base it only counts them.
class Tensors {
 public:
  explicit Tensors(const float* base) : base_(base) {}

  const float* Take(int64_t rows, int64_t columns) {
    const float* taken = base_ == nullptr ? nullptr : base_ + count_;
    count_ += static_cast<size_t>(rows * columns);
    return taken;
  }
  DenseWeights Dense(int in, int out) {
    const float* weights = Take(in, out);
    return {in, out, weights, Take(1, out)};
  }
  NormWeights Norm(int size) {
    const float* scale = Take(1, size);
    return {scale, Take(1, size)};
  }
  size_t count() const { return count_; }

 private:
  const float* base_;
  size_t count_ = 0;
};

// Defines the order of the tensors. Returns the number of floats in them.
size_t Bind(const float* base, BertWeights* weights) {
  const BertConfig& config = weights->config;
  const int hidden = config.hidden;
  Tensors tensors(base);
  weights->words = tensors.Take(config.vocabulary, hidden);
  weights->positions = tensors.Take(config.positions, hidden);
  weights->type = tensors.Take(1, hidden);
  weights->embedding_norm = tensors.Norm(hidden);
  weights->layers.resize(static_cast<size_t>(config.layers));
  for (LayerWeights& layer : weights->layers) {
    layer.query = tensors.Dense(hidden, hidden);
    layer.key = tensors.Dense(hidden, hidden);
    layer.value = tensors.Dense(hidden, hidden);
    layer.attention_output = tensors.Dense(hidden, hidden);
    layer.attention_norm = tensors.Norm(hidden);
    layer.intermediate = tensors.Dense(hidden, config.intermediate);
    layer.output = tensors.Dense(config.intermediate, hidden);
    layer.output_norm = tensors.Norm(hidden);
  }
  return tensors.count();
}

}  // namespace

WeightsFile::WeightsFile(const std::string& path) : file_(path), weights_() {
  const auto fail = [&path](const std::string& what) {
    return EncoderError(EncoderErrorKind::kArgument, path + " is no weights file: " + what);
  };
  const uint8_t* data = file_.data();
  if (file_.size() < kWeightsHeaderBytes || std::memcmp(data, kWeightsMagic, 8) != 0) {
    throw fail("it does not begin with a header of one");
  }
  int32_t fields[9];
  std::memcpy(fields, data + 8, sizeof fields);
  if (fields[0] != kWeightsVersion) throw fail("version " + std::to_string(fields[0]));
  BertConfig& config = weights_.config;
  config.layers = fields[1];
  config.hidden = fields[2];
  config.heads = fields[3];
  config.intermediate = fields[4];
  config.vocabulary = fields[5];
  config.positions = fields[6];
  config.pooling = fields[7];
  config.normalize = fields[8];
  std::memcpy(&config.epsilon, data + 44, sizeof config.epsilon);
  std::memcpy(config.identity, data + 48, sizeof config.identity);
  if (const char* problem = ProblemOf(config)) throw fail(problem);

  const size_t floats = Bind(nullptr, &weights_);
  const size_t expected = kWeightsHeaderBytes + floats * sizeof(float);
  if (file_.size() != expected) {
    throw fail("it has " + std::to_string(file_.size()) + " bytes, and its sizes need " +
               std::to_string(expected));
  }
  const auto* tensors =
      static_cast<const float*>(static_cast<const void*>(data + kWeightsHeaderBytes));
  for (size_t i = 0; i < floats; ++i) {
    if (!std::isfinite(tensors[i])) throw fail("value " + std::to_string(i) + " is not finite");
  }
  Bind(tensors, &weights_);
}

}  // namespace neuron_embed::encoder
