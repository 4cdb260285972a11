#include "encoder/prepare.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "encoder/error.h"
#include "encoder/packing.h"

namespace neuron_embed::encoder {
namespace {

// Arrays of a buffer that this file owns: they are const for everyone else.
template <typename T>
T* Writable(const T* array) {
  return const_cast<T*>(array);
}

void PackWords(const BertWeights& weights, const PackedModel& model) {
  const auto hidden = static_cast<size_t>(weights.config.hidden);
  for (size_t word = 0; word < static_cast<size_t>(weights.config.vocabulary); ++word) {
    const float* row = weights.words + word * hidden;
    float largest = 0;
    for (size_t i = 0; i < hidden; ++i) largest = std::max(largest, std::abs(row[i]));
    const float scale = largest / 32767;
    Writable(model.word_scales)[word] = scale;
    for (size_t i = 0; i < hidden; ++i) {
      const float value = scale > 0 ? std::nearbyint(row[i] / scale) : 0;
      Writable(model.words)[word * hidden + i] =
          static_cast<int16_t>(std::clamp(value, -32767.0F, 32767.0F));
    }
  }
  for (size_t position = 0; position < static_cast<size_t>(weights.config.positions); ++position) {
    for (size_t i = 0; i < hidden; ++i) {
      Writable(model.positions)[position * hidden + i] =
          weights.positions[position * hidden + i] + weights.type[i];
    }
  }
}

void CopyNorm(const NormWeights& norm, int size, const PackedNorm& target) {
  std::copy_n(norm.scale, size, Writable(target.scale));
  std::copy_n(norm.bias, size, Writable(target.bias));
}

void PackDense(const DenseWeights& dense, const std::vector<float>& smooth, float factor,
               const PackedMatrix& target) {
  Pack(dense.weights, dense.bias, smooth.empty() ? nullptr : smooth.data(), factor,
       {target.shape, const_cast<void*>(target.values), Writable(target.scales),
        Writable(target.negated_sums), Writable(target.bias)});
}

// SmoothQuant (Xiao et al., 2022) with alpha 0.5: what is divided out of an input channel, and
// multiplied into its weights, so that both have the same range. Without ranges nothing is.
std::vector<float> Smooth(const std::vector<float>* ranges,
                          const std::vector<const DenseWeights*>& layers, const float* inverse) {
  const auto channels = static_cast<size_t>(layers.front()->in);
  std::fill_n(Writable(inverse), RoundUp(layers.front()->in, kStep), 1.0F);
  if (ranges == nullptr) return {};
  std::vector<float> smooth(channels, 1.0F);
  for (size_t channel = 0; channel < channels; ++channel) {
    float largest = 0;
    for (const DenseWeights* layer : layers) {
      const float* row = layer->weights + channel * static_cast<size_t>(layer->out);
      for (int i = 0; i < layer->out; ++i) largest = std::max(largest, std::abs(row[i]));
    }
    const float range = (*ranges)[channel];
    // A channel that is dead on either side has nothing to balance.
    if (range > 1e-5F && largest > 1e-5F) smooth[channel] = std::sqrt(range / largest);
    Writable(inverse)[channel] = 1 / smooth[channel];
  }
  return smooth;
}

void PackLayer(const LayerWeights& weights, const PackedLayer& target, int head_size,
               const ChannelRanges* ranges, int layer) {
  const auto seen = [&](ChannelRanges::Input input) {
    return ranges == nullptr ? nullptr : &ranges->at(layer, input);
  };
  // Scores are powers of 2 of the product.
  const auto factor = static_cast<float>(1.4426950408889634 / std::sqrt(head_size));
  std::vector<float> smooth =
      Smooth(seen(ChannelRanges::kAttention), {&weights.query, &weights.key, &weights.value},
             target.attention_smooth);
  PackDense(weights.query, smooth, factor, target.query);
  PackDense(weights.key, smooth, 1, target.key);
  PackDense(weights.value, smooth, 1, target.value);
  smooth = Smooth(seen(ChannelRanges::kAttentionOutput), {&weights.attention_output},
                  target.attention_output_smooth);
  PackDense(weights.attention_output, smooth, 1, target.attention_output);
  CopyNorm(weights.attention_norm, weights.query.in, target.attention_norm);
  smooth = Smooth(seen(ChannelRanges::kIntermediate), {&weights.intermediate},
                  target.intermediate_smooth);
  PackDense(weights.intermediate, smooth, 1, target.intermediate);
  smooth = Smooth(seen(ChannelRanges::kOutput), {&weights.output}, target.output_smooth);
  PackDense(weights.output, smooth, 1, target.output);
  CopyNorm(weights.output_norm, weights.query.in, target.output_norm);
}

}  // namespace

PreparedBuffer::PreparedBuffer(const BertWeights& weights, const ChannelRanges* ranges) {
  const BertConfig& config = weights.config;
  const Precision precision = ranges == nullptr ? Precision::kExact : Precision::kInt8;
  size_ = PreparedBytes(config, precision);
  arena_.Take<uint8_t>(size_);
  arena_.Allocate();
  bytes_ = arena_.Take<uint8_t>(size_);
  const PackedModel model = BindPrepared(config, precision, bytes_);
  PackWords(weights, model);
  CopyNorm(weights.embedding_norm, config.hidden, model.embedding_norm);
  for (int layer = 0; layer < config.layers; ++layer) {
    const auto index = static_cast<size_t>(layer);
    PackLayer(weights.layers[index], model.layers[index], config.head_size(), ranges, layer);
  }
  SealPrepared(config, precision, bytes_);
}

void Prepare(const BertWeights& weights, Precision precision, const Kernel& kernel,
             const TokenRows& calibration, const char* target) {
  if (precision == Precision::kInt8) {
    if (calibration.texts < 1) {
      throw EncoderError(EncoderErrorKind::kArgument, "int8 needs calibration texts");
    }
    CheckTokens(weights.config, calibration);
  }
  PreparedBuffer exact(weights);
  if (precision == Precision::kExact) {
    WriteWhole(target, exact.data(), exact.size());
    return;
  }
  ChannelRanges ranges(weights.config);
  {
    const PackedModel model = BindPrepared(weights.config, Precision::kExact, exact.data());
    const int longest =
        *std::max_element(calibration.lengths, calibration.lengths + calibration.texts);
    Session session(model, kernel, longest, 1, 1);
    std::vector<float> vector(static_cast<size_t>(weights.config.hidden));
    for (int32_t i = 0; i < calibration.texts; ++i) {
      session.Run({calibration.ids + static_cast<int64_t>(i) * calibration.row_stride,
                   calibration.row_stride, calibration.lengths + i, 1},
                  vector.data(), &ranges);
    }
  }
  const PreparedBuffer packed(weights, &ranges);
  WriteWhole(target, packed.data(), packed.size());
}

}  // namespace neuron_embed::encoder
