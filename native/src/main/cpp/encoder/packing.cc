#include "encoder/packing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace neuron_embed::encoder {
namespace {

// The sets of kStep successive weights whose products share an int16 sum.
constexpr int kSets[2][4] = {{0, 1, 4, 5}, {2, 3, 6, 7}};

double Magnitude(const double* column, int length) {
  double largest = 0;
  for (int i = 0; i < length; ++i) largest = std::max(largest, std::abs(column[i]));
  return largest;
}

// The larger of the positive and the negative sum of any set.
double LargestSet(const double* column, int length) {
  double largest = 0;
  for (int step = 0; step < length; step += kStep) {
    for (const auto& set : kSets) {
      double positive = 0;
      double negative = 0;
      for (int i : set) (column[step + i] > 0 ? positive : negative) += std::abs(column[step + i]);
      largest = std::max({largest, positive, negative});
    }
  }
  return largest;
}

// Rounds a set. While a sum exceeds the limit, the value that was rounded furthest away from zero
// is moved one step towards zero.
void RoundSet(const double* values, const int (&set)[4], double scale, int* rounded) {
  for (int i : set) {
    rounded[i] = static_cast<int>(std::clamp(std::nearbyint(values[i] / scale), -127.0, 127.0));
  }
  for (int sign : {1, -1}) {
    for (;;) {
      int sum = 0;
      int worst = -1;
      double excess = 0;
      for (int i : set) {
        if (rounded[i] * sign <= 0) continue;
        sum += rounded[i] * sign;
        const double grown = (rounded[i] - values[i] / scale) * sign;
        if (worst < 0 || grown > excess) {
          worst = i;
          excess = grown;
        }
      }
      if (sum <= kSetLimit) break;
      rounded[worst] -= sign;
    }
  }
}

// Quantizes one block of one column and returns its scale.
double QuantizeInt8(const double* column, int length, int* rounded) {
  const double scale =
      std::max(Magnitude(column, length) / 127, LargestSet(column, length) / kSetLimit);
  if (!(scale > 0)) {
    std::fill(rounded, rounded + length, 0);
    return 0;
  }
  for (int step = 0; step < length; step += kStep) {
    for (const auto& set : kSets) RoundSet(column + step, set, scale, rounded + step);
  }
  return scale;
}

double QuantizeInt16(const double* column, int length, int* rounded) {
  // Keeps sum(|w|) * kInt16Limit within int32 although rounding can add a half to each |w|.
  constexpr double kSumLimit = 2147483647.0 / kInt16Limit - kInt16Block;
  double sum = 0;
  for (int i = 0; i < length; ++i) sum += std::abs(column[i]);
  const double scale = std::max(Magnitude(column, length) / 32767, sum / kSumLimit);
  if (!(scale > 0)) {
    std::fill(rounded, rounded + length, 0);
    return 0;
  }
  for (int i = 0; i < length; ++i) {
    rounded[i] = static_cast<int>(std::clamp(std::nearbyint(column[i] / scale), -32767.0, 32767.0));
  }
  return scale;
}

}  // namespace

void Pack(const float* weights, const float* bias, const float* smooth, const float* means,
          float factor, const PackedTarget& target) {
  const PackedShape& shape = target.shape;
  const bool int8 = shape.element == Element::kInt8;
  double column[kLongestBlock];
  int rounded[kLongestBlock];
  for (int c = 0; c < shape.padded_n(); ++c) {
    const bool inside = c < shape.n;
    double shift = 0;
    for (int block = 0; block < shape.blocks(); ++block) {
      const int begin = shape.block_begin(block);
      const int length = shape.block_length(block);
      for (int i = 0; i < length; ++i) {
        const int row = begin + i;
        column[i] = 0;
        if (inside && row < shape.k) {
          column[i] =
              static_cast<double>(weights[static_cast<size_t>(row) * static_cast<size_t>(shape.n) +
                                          static_cast<size_t>(c)]) *
              static_cast<double>(factor) *
              (smooth == nullptr ? 1.0 : static_cast<double>(smooth[row]));
        }
      }
      const double scale =
          int8 ? QuantizeInt8(column, length, rounded) : QuantizeInt16(column, length, rounded);
      int32_t sum = 0;
      for (int i = 0; i < length; ++i) {
        const size_t at = shape.index(begin + i, c);
        if (int8) {
          static_cast<int8_t*>(target.values)[at] = static_cast<int8_t>(rounded[i]);
        } else {
          static_cast<int16_t*>(target.values)[at] = static_cast<int16_t>(rounded[i]);
        }
        sum += rounded[i];
        const int row = begin + i;
        if (means == nullptr || row >= shape.k) continue;
        const double smoothed = smooth == nullptr ? 1.0 : static_cast<double>(smooth[row]);
        shift += static_cast<double>(means[row]) / smoothed * column[i];
      }
      target.scales[shape.scale_index(block, c)] = static_cast<float>(scale);
      target.negated_sums[shape.scale_index(block, c)] = int8 ? -sum : 0;
    }
    target.bias[c] =
        inside ? static_cast<float>(static_cast<double>(bias[c] * factor) + shift) : 0.0F;
  }
}

}  // namespace neuron_embed::encoder
