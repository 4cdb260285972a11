#include "encoder/prepare.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "encoder/error.h"
#include "encoder/packing.h"

namespace neuron_embed::encoder {
namespace {

// An array in a buffer that this file owns. The array is const for all other code.
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

// How the input of some dense layers is scaled. The mean of each channel is subtracted. Then the
// channel is divided by a factor, and the layers' weights are multiplied by it, so that both have
// the same range: SmoothQuant (Xiao et al., 2022) with alpha 0.5. Empty without statistics.
struct Input {
  std::vector<float> smooth;
  std::vector<float> means;
};

Input Scale(const ChannelStatistics::Channels* seen, const std::vector<const DenseWeights*>& layers,
            const InputScaling& scaling) {
  const auto channels = static_cast<size_t>(layers.front()->in);
  std::fill_n(Writable(scaling.inverse_smooth), RoundUp(layers.front()->in, kStep), 1.0F);
  if (seen == nullptr) return {};
  Input input{std::vector<float>(channels, 1.0F), std::vector<float>(channels, 0.0F)};
  for (size_t channel = 0; channel < channels; ++channel) {
    float largest = 0;
    for (const DenseWeights* layer : layers) {
      const float* row = layer->weights + channel * static_cast<size_t>(layer->out);
      for (int i = 0; i < layer->out; ++i) largest = std::max(largest, std::abs(row[i]));
    }
    const ChannelStatistics::Channel& values = seen->channels[channel];
    const auto mean = static_cast<float>(values.sum / static_cast<double>(seen->rows));
    const float range = std::max(values.largest - mean, mean - values.least);
    float& smooth = input.smooth[channel];
    // A channel whose input or weights are practically constant or zero keeps the factor 1.
    if (range > 1e-5F && largest > 1e-5F) smooth = std::sqrt(range / largest);
    input.means[channel] = mean;
    Writable(scaling.inverse_smooth)[channel] = 1 / smooth;
    Writable(scaling.shift)[channel] = -mean / smooth;
  }
  return input;
}

void PackDense(const DenseWeights& dense, const Input& input, float factor,
               const PackedMatrix& target) {
  const bool calibrated = !input.smooth.empty();
  Pack(dense.weights, dense.bias, calibrated ? input.smooth.data() : nullptr,
       calibrated ? input.means.data() : nullptr, factor,
       {target.shape, const_cast<void*>(target.values), Writable(target.scales),
        Writable(target.negated_sums), Writable(target.bias)});
}

void PackLayer(const LayerWeights& weights, const PackedLayer& target, int head_size,
               const ChannelStatistics* statistics, int layer) {
  const auto seen = [&](ChannelStatistics::Input input) {
    return statistics == nullptr ? nullptr : &statistics->at(layer, input);
  };
  // Attention uses powers of 2, so the product has to contain log2(e).
  const auto factor = static_cast<float>(1.4426950408889634 / std::sqrt(head_size));
  Input input = Scale(seen(ChannelStatistics::kAttention),
                      {&weights.query, &weights.key, &weights.value}, target.attention_input);
  PackDense(weights.query, input, factor, target.query);
  PackDense(weights.key, input, 1, target.key);
  PackDense(weights.value, input, 1, target.value);
  input = Scale(seen(ChannelStatistics::kAttentionOutput), {&weights.attention_output},
                target.attention_output_input);
  PackDense(weights.attention_output, input, 1, target.attention_output);
  CopyNorm(weights.attention_norm, weights.query.in, target.attention_norm);
  input = Scale(seen(ChannelStatistics::kIntermediate), {&weights.intermediate},
                target.intermediate_input);
  PackDense(weights.intermediate, input, 1, target.intermediate);
  input = Scale(seen(ChannelStatistics::kOutput), {&weights.output}, target.output_input);
  PackDense(weights.output, input, 1, target.output);
  CopyNorm(weights.output_norm, weights.query.in, target.output_norm);
}

}  // namespace

PreparedBuffer::PreparedBuffer(const BertWeights& weights, const ChannelStatistics* statistics) {
  const BertConfig& config = weights.config;
  const Precision precision = statistics == nullptr ? Precision::kExact : Precision::kInt8;
  size_ = PreparedBytes(config, precision);
  arena_.Take<uint8_t>(size_);
  arena_.Allocate();
  bytes_ = arena_.Take<uint8_t>(size_);
  const PackedModel model = BindPrepared(config, precision, bytes_);
  PackWords(weights, model);
  CopyNorm(weights.embedding_norm, config.hidden, model.embedding_norm);
  for (int layer = 0; layer < config.layers; ++layer) {
    const auto index = static_cast<size_t>(layer);
    PackLayer(weights.layers[index], model.layers[index], config.head_size(), statistics, layer);
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
  ChannelStatistics statistics(weights.config);
  {
    const PackedModel model = BindPrepared(weights.config, Precision::kExact, exact.data());
    const int longest =
        *std::max_element(calibration.lengths, calibration.lengths + calibration.texts);
    Session session(model, kernel, longest, 1, 1);
    std::vector<float> vector(static_cast<size_t>(weights.config.hidden));
    for (int32_t i = 0; i < calibration.texts; ++i) {
      session.Run({calibration.ids + static_cast<int64_t>(i) * calibration.row_stride,
                   calibration.row_stride, calibration.lengths + i, 1},
                  vector.data(), &statistics);
    }
  }
  const PreparedBuffer packed(weights, &statistics);
  WriteWhole(target, packed.data(), packed.size());
}

}  // namespace neuron_embed::encoder
