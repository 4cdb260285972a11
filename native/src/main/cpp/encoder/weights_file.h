// The weights file that encoder_capi.h describes: plain fp32 tensors behind a header.

#ifndef NEURON_EMBED_ENCODER_WEIGHTS_FILE_H_
#define NEURON_EMBED_ENCODER_WEIGHTS_FILE_H_

#include <string>
#include <vector>

#include "encoder/bert_config.h"
#include "encoder/mapped_bytes.h"

namespace neuron_embed::encoder {

// y = x W + b, where W is a row-major matrix [in, out].
struct DenseWeights {
  int in;
  int out;
  const float* weights;
  const float* bias;
};

struct NormWeights {
  const float* scale;
  const float* bias;
};

struct LayerWeights {
  DenseWeights query, key, value, attention_output, intermediate, output;
  NormWeights attention_norm, output_norm;
};

struct BertWeights {
  BertConfig config;
  const float* words;      // [vocabulary, hidden]
  const float* positions;  // [positions, hidden]
  const float* type;       // [hidden]
  NormWeights embedding_norm;
  std::vector<LayerWeights> layers;
};

class WeightsFile {
 public:
  // Throws EncoderError: kFile if it cannot be read, kArgument if it is not what the header
  // describes.
  explicit WeightsFile(const std::string& path);

  // Points into the mapped file.
  const BertWeights& weights() const { return weights_; }

 private:
  MappedBytes file_;
  BertWeights weights_;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_WEIGHTS_FILE_H_
