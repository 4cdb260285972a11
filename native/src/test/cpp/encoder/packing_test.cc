// Tests the limits that the packing guarantees to the kernels.

#include "encoder/packing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

namespace neuron_embed::encoder {
namespace {

struct Result {
  explicit Result(const PackedShape& packed_shape)
      : shape(packed_shape),
        values8(shape.bytes()),
        values16(shape.bytes() / 2),
        scales(shape.scale_count()),
        sums(shape.scale_count()),
        bias(static_cast<size_t>(shape.padded_n())) {}

  int at(int i, int c) const {
    const size_t index = shape.index(i, c);
    return shape.element == Element::kInt8 ? values8[index] : values16[index];
  }

  PackedShape shape;
  std::vector<int8_t> values8;
  std::vector<int16_t> values16;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  std::vector<float> bias;
};

// Many distributions: normal, constant, sparse, one giant, tiny, zero.
std::vector<float> Weights(int k, int n, std::mt19937* random) {
  std::vector<float> weights;
  for (int i = 0; i < k; ++i) {
    for (int c = 0; c < n; ++c) {
      float value = std::normal_distribution<float>(0, 0.05F)(*random);
      switch (c % 7) {
        case 1:
          value = 0.3F;
          break;
        case 2:
          value = i % 9 == 0 ? value : 0;
          break;
        case 3:
          value = i == 3 ? 1e3F : value;
          break;
        case 4:
          value *= 1e-30F;
          break;
        case 5:
          value = 0;
          break;
        case 6:
          value = -std::abs(value);
          break;
        default:
          break;
      }
      weights.push_back(value);
    }
  }
  return weights;
}

Result PackedFrom(Element element, const std::vector<float>& weights, int k, int n) {
  Result result(PackedShape{element, k, n});
  const std::vector<float> bias(static_cast<size_t>(n), 0.25F);
  void* values = element == Element::kInt8 ? static_cast<void*>(result.values8.data())
                                           : static_cast<void*>(result.values16.data());
  Pack(weights.data(), bias.data(), nullptr, nullptr, 2,
       {result.shape, values, result.scales.data(), result.sums.data(), result.bias.data()});
  return result;
}

TEST(PackingTest, NoProductOfInt8LeavesInt16) {
  std::mt19937 random(1);
  for (const int k : {1, 9, 64, 300}) {
    const Result packed = PackedFrom(Element::kInt8, Weights(k, 30, &random), k, 30);
    for (int c = 0; c < packed.shape.padded_n(); ++c) {
      for (int i = 0; i < packed.shape.padded_k(); i += kStep) {
        for (const int first : {0, 2}) {
          int positive = 0;
          int negative = 0;
          for (const int j : {first, first + 1, first + 4, first + 5}) {
            const int value = packed.at(i + j, c);
            (value > 0 ? positive : negative) += value;
          }
          ASSERT_LE(positive * kInt8Limit, 32767) << "column " << c;
          ASSERT_GE(negative * kInt8Limit, -32768) << "column " << c;
        }
      }
    }
  }
}

TEST(PackingTest, NoSumOfInt16LeavesInt32) {
  std::mt19937 random(2);
  for (const int k : {1, 9, 64, 300}) {
    const Result packed = PackedFrom(Element::kInt16, Weights(k, 30, &random), k, 30);
    for (int c = 0; c < packed.shape.padded_n(); ++c) {
      for (int block = 0; block < packed.shape.blocks(); ++block) {
        int64_t sum = 0;
        for (int i = 0; i < packed.shape.block_length(block); ++i) {
          sum += std::abs(packed.at(packed.shape.block_begin(block) + i, c));
        }
        ASSERT_LE(sum * kInt16Limit, INT32_MAX);
      }
    }
  }
}

TEST(PackingTest, WeightsComeBackWithinAStep) {
  std::mt19937 random(3);
  const int k = 300;
  const int n = 30;
  const std::vector<float> weights = Weights(k, n, &random);
  for (const Element element : {Element::kInt8, Element::kInt16}) {
    const Result packed = PackedFrom(element, weights, k, n);
    for (int c = 0; c < packed.shape.padded_n(); ++c) {
      ASSERT_EQ(c < n ? 0.5F : 0.0F, packed.bias[static_cast<size_t>(c)]);
      for (int block = 0; block < packed.shape.blocks(); ++block) {
        const float scale = packed.scales[packed.shape.scale_index(block, c)];
        int32_t sum = 0;
        for (int j = 0; j < packed.shape.block_length(block); ++j) {
          const int i = packed.shape.block_begin(block) + j;
          const int value = packed.at(i, c);
          sum += value;
          const float expected = i < k && c < n ? weights[static_cast<size_t>(i * n + c)] * 2 : 0;
          // In a set at its limit, a value may move one more step than rounding.
          ASSERT_LE(std::abs(expected - static_cast<float>(value) * scale),
                    scale * (element == Element::kInt8 ? 2.01F : 0.51F) + 1e-37F)
              << "row " << i << " column " << c;
        }
        ASSERT_EQ(element == Element::kInt8 ? -sum : 0,
                  packed.sums[packed.shape.scale_index(block, c)]);
      }
    }
  }
}

}  // namespace
}  // namespace neuron_embed::encoder
