// The sizes of a BERT encoder.

#ifndef NEURON_EMBED_ENCODER_BERT_CONFIG_H_
#define NEURON_EMBED_ENCODER_BERT_CONFIG_H_

#include <cstdint>

namespace neuron_embed::encoder {

enum class Pooling : int32_t { kCls = 0, kMean = 1 };
enum class Precision : int32_t { kExact = 0, kInt8 = 1 };

struct BertConfig {
  int32_t layers;
  int32_t hidden;
  int32_t heads;
  int32_t intermediate;
  int32_t vocabulary;
  int32_t positions;
  int32_t pooling;    // Pooling
  int32_t normalize;  // 0 or 1
  float epsilon;      // of the layer norms
  char identity[64];  // what the weights were made from; opaque

  int32_t head_size() const { return hidden / heads; }
};

// Returns null if the encoder can compute such a model, else the condition that it does not meet.
inline const char* ProblemOf(const BertConfig& config) {
  const auto within = [](int32_t value, int32_t limit) { return value >= 1 && value <= limit; };
  if (!within(config.layers, 256)) return "layers must be 1 to 256";
  if (!within(config.hidden, 8192)) return "hidden must be 1 to 8192";
  if (!within(config.heads, config.hidden)) return "heads must be 1 to hidden";
  if (config.hidden % config.heads != 0) return "hidden must be a multiple of heads";
  if (config.head_size() > 256) return "hidden / heads must be at most 256";
  if (!within(config.intermediate, 32768)) return "intermediate must be 1 to 32768";
  if (!within(config.vocabulary, 4194304)) return "vocabulary must be 1 to 4194304";
  if (!within(config.positions, 65536)) return "positions must be 1 to 65536";
  if (config.pooling != 0 && config.pooling != 1) return "pooling must be 0 (cls) or 1 (mean)";
  if (config.normalize != 0 && config.normalize != 1) return "normalize must be 0 or 1";
  if (!(config.epsilon > 0 && config.epsilon < 1)) return "epsilon must be above 0 and below 1";
  return nullptr;
}

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_BERT_CONFIG_H_
