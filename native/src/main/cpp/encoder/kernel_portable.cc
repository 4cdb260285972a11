// The kernel that runs on any processor. It computes what kernel.h describes
// in the plainest way. Tests use it as the reference for the other kernels,
// whose integer products equal its own bit for bit.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "encoder/kernels.h"

namespace neuron_embed::encoder {
namespace {

// Sums wrap around, as those of vector instructions do, even for a damaged file.
template <typename Activation, typename Weight>
int32_t Sum(const Activation* a, const Weight* w, int group, int length, int32_t start) {
  auto sum = static_cast<uint32_t>(start);
  for (int i = 0; i < length; i += group) {
    for (int j = 0; j < group; ++j) {
      sum += static_cast<uint32_t>(static_cast<int32_t>(a[i + j]) * static_cast<int32_t>(w[j]));
    }
    w += kPanel * group;
  }
  return static_cast<int32_t>(sum);
}

float Gelu(float x) { return 0.5F * x * (1 + std::erf(x * 0.70710678F)); }

template <typename Activation, typename Weight>
void MultiplyAs(const Product& product) {
  const PackedShape& shape = product.matrix->shape;
  const QuantizedRows& input = product.input;
  const auto* values = static_cast<const Weight*>(product.matrix->values);
  for (int r = 0; r < product.rows; ++r) {
    const auto row = static_cast<size_t>(r);
    const Activation* a = static_cast<const Activation*>(input.values) + row * input.stride;
    for (int c = product.first_panel * kPanel; c < product.last_panel * kPanel; ++c) {
      float y = product.matrix->bias[c];
      for (int block = 0; block < shape.blocks(); ++block) {
        const size_t at = shape.scale_index(block, c);
        const size_t in = row * input.block_stride + static_cast<size_t>(block);
        int32_t start = 0;
        if (shape.element == Element::kInt8) {
          start = static_cast<int32_t>(static_cast<uint32_t>(input.zeros[in]) *
                                       static_cast<uint32_t>(product.matrix->negated_sums[at]));
        }
        const int begin = shape.block_begin(block);
        const int32_t sum = Sum(a + begin, values + shape.index(begin, c), shape.group(),
                                shape.block_length(block), start);
        y = std::fma(static_cast<float>(sum), product.matrix->scales[at] * input.scales[in], y);
      }
      float& out = product.out[row * product.out_stride +
                               static_cast<size_t>(c - product.first_panel * kPanel)];
      switch (product.epilogue) {
        case Epilogue::kStore:
          out = y;
          break;
        case Epilogue::kGelu:
          out = Gelu(y);
          break;
        case Epilogue::kAdd:
          out += y;
          break;
      }
    }
  }
}

void Multiply(const Product& product) {
  if (product.matrix->shape.element == Element::kInt8) {
    MultiplyAs<uint8_t, int8_t>(product);
  } else {
    MultiplyAs<int16_t, int16_t>(product);
  }
}

// Rounds to the nearest integer, ties to even. NaN becomes `low`.
int32_t Round(float value, float low, float high) {
  if (!(value >= low)) return static_cast<int32_t>(low);
  return static_cast<int32_t>(std::nearbyint(std::min(value, high)));
}

float InputAt(const QuantizeBlock& block, int i) {
  return std::fma(block.x[i], block.inverse_smooth[i], block.shift[i]);
}

void QuantizeInt8(const QuantizeBlock& block) {
  float low = 0;
  float high = 0;
  for (int i = 0; i < block.length; ++i) {
    const float x = InputAt(block, i);
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const float range = high - low;
  const float inverse = range > 0 ? kInt8Limit / range : 0;
  const int32_t zero = Round(-low * inverse, 0, kInt8Limit);
  *block.scale = range * (1.0F / kInt8Limit);
  *block.zero = zero;
  auto* out = static_cast<uint8_t*>(block.out);
  for (int i = 0; i < block.length; ++i) {
    const int32_t rounded = Round(InputAt(block, i) * inverse, -512, 512);
    out[i] = static_cast<uint8_t>(std::clamp(rounded + zero, 0, kInt8Limit));
  }
}

void QuantizeInt16(const QuantizeBlock& block) {
  float largest = 0;
  for (int i = 0; i < block.length; ++i) {
    largest = std::max(largest, std::abs(InputAt(block, i)));
  }
  const float inverse = largest > 0 ? kInt16Limit / largest : 0;
  *block.scale = largest * (1.0F / kInt16Limit);
  auto* out = static_cast<int16_t*>(block.out);
  for (int i = 0; i < block.length; ++i) {
    out[i] = static_cast<int16_t>(Round(InputAt(block, i) * inverse, -kInt16Limit, kInt16Limit));
  }
}

void Normalize(float* x, int size, const float* scale, const float* bias, float epsilon) {
  double sum = 0;
  for (int i = 0; i < size; ++i) sum += static_cast<double>(x[i]);
  const double mean = sum / size;
  double squares = 0;
  for (int i = 0; i < size; ++i) {
    const double difference = static_cast<double>(x[i]) - mean;
    squares += difference * difference;
  }
  const double factor = 1 / std::sqrt(squares / size + static_cast<double>(epsilon));
  for (int i = 0; i < size; ++i) {
    x[i] = static_cast<float>((static_cast<double>(x[i]) - mean) * factor) * scale[i] + bias[i];
  }
}

// Processes key by key. Weights and sums are relative to the largest score so far.
void Attend(const Attention& attention) {
  const auto size = static_cast<size_t>(attention.head_size);
  float* sums = attention.scratch;
  for (int r = 0; r < attention.queries; ++r) {
    const float* q = attention.q + static_cast<size_t>(r) * attention.q_stride;
    std::fill(sums, sums + size, 0.0F);
    float largest = -INFINITY;
    float total = 0;
    for (int j = 0; j < attention.keys; ++j) {
      const float* k = attention.k + static_cast<size_t>(j) * attention.stride;
      const float* v = attention.v + static_cast<size_t>(j) * attention.stride;
      float score = 0;
      for (size_t i = 0; i < size; ++i) score += q[i] * k[i];
      if (score > largest) {
        const float shrink = std::exp2(largest - score);
        largest = score;
        total *= shrink;
        for (size_t i = 0; i < size; ++i) sums[i] *= shrink;
      }
      const float weight = std::exp2(score - largest);
      total += weight;
      for (size_t i = 0; i < size; ++i) sums[i] += weight * v[i];
    }
    float* out = attention.out + static_cast<size_t>(r) * attention.q_stride;
    for (size_t i = 0; i < size; ++i) out[i] = sums[i] / total;
  }
}

}  // namespace

const Kernel kPortableKernel = {"portable",    Multiply,  QuantizeInt8,
                                QuantizeInt16, Normalize, Attend};

}  // namespace neuron_embed::encoder
