// Compares each kernel that this machine can run, and the AVX-512 kernel with emulated
// instructions, with plain arithmetic and with the portable kernel.

#include "encoder/kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "encoder/kernels.h"
#include "encoder/packing.h"

namespace neuron_embed::encoder {

#if defined(NEURON_EMBED_EMULATED_AVX512)
extern const Kernel kEmulatedAvx512VnniKernel;
#endif

namespace {

std::vector<const Kernel*> Kernels() {
  std::vector<const Kernel*> kernels;
#if defined(NEURON_EMBED_EMULATED_AVX512)
  // It uses functions of the AVX2 kernel.
  if (__builtin_cpu_supports("avx2")) kernels.push_back(&kEmulatedAvx512VnniKernel);
#endif
  for (size_t i = 0; KernelAt(i) != nullptr; ++i) kernels.push_back(KernelAt(i));
  return kernels;
}

// A packed matrix that owns its memory.
struct Packed {
  Packed(Element element, int k, int n)
      : shape{element, k, n},
        values(shape.bytes() + 1),
        scales(shape.scale_count(), 1.0F),
        sums(shape.scale_count()),
        bias(static_cast<size_t>(shape.padded_n())) {}

  PackedMatrix matrix() const {
    return {shape, values.data(), scales.data(), sums.data(), bias.data()};
  }
  int64_t at(int i, int c) const {
    const size_t index = shape.index(i, c);
    if (shape.element == Element::kInt8) return static_cast<int8_t>(values[index]);
    int16_t value;
    std::memcpy(&value, values.data() + index * 2, 2);
    return value;
  }
  void set(int i, int c, int value) {
    const size_t index = shape.index(i, c);
    if (shape.element == Element::kInt8) {
      values[index] = static_cast<uint8_t>(value);
    } else {
      const auto narrow = static_cast<int16_t>(value);
      std::memcpy(values.data() + index * 2, &narrow, 2);
    }
  }

  PackedShape shape;
  std::vector<uint8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  std::vector<float> bias;
};

// Quantized rows that own their memory, with the exact size.
struct Rows {
  Rows(const PackedShape& shape, int count)
      : element(shape.element),
        stride(static_cast<size_t>(shape.padded_k())),
        blocks(static_cast<size_t>(shape.blocks())),
        values(static_cast<size_t>(count) * stride * static_cast<size_t>(BytesOf(element))),
        scales(static_cast<size_t>(count) * blocks, 1.0F),
        zeros(static_cast<size_t>(count) * blocks) {}

  QuantizedRows rows() { return {values.data(), stride, scales.data(), zeros.data(), blocks}; }
  int64_t at(int r, int i) const {
    const size_t index = static_cast<size_t>(r) * stride + static_cast<size_t>(i);
    if (element == Element::kInt8) return values[index];
    int16_t value;
    std::memcpy(&value, values.data() + index * 2, 2);
    return value;
  }
  void set(int r, int i, int value) {
    const size_t index = static_cast<size_t>(r) * stride + static_cast<size_t>(i);
    if (element == Element::kInt8) {
      values[index] = static_cast<uint8_t>(value);
    } else {
      const auto narrow = static_cast<int16_t>(value);
      std::memcpy(values.data() + index * 2, &narrow, 2);
    }
  }

  Element element;
  size_t stride;
  size_t blocks;
  std::vector<uint8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> zeros;
};

std::vector<float> Multiply(const Kernel& kernel, const Packed& packed, Rows& rows, int count,
                            Epilogue epilogue, float before = 0) {
  const auto columns = static_cast<size_t>(packed.shape.padded_n());
  std::vector<float> out(static_cast<size_t>(count) * columns, before);
  const PackedMatrix matrix = packed.matrix();
  Product product{};
  product.matrix = &matrix;
  product.input = rows.rows();
  product.rows = count;
  product.first_panel = 0;
  product.last_panel = packed.shape.panels();
  product.epilogue = epilogue;
  product.out = out.data();
  product.out_stride = columns;
  kernel.multiply(product);
  return out;
}

// Expects the exact sums. With at most one block of k, only the conversion to float rounds.
void ExpectExact(const Packed& packed, Rows& rows, int count) {
  for (const Kernel* kernel : Kernels()) {
    const std::vector<float> out = Multiply(*kernel, packed, rows, count, Epilogue::kStore);
    for (int r = 0; r < count; ++r) {
      for (int c = 0; c < packed.shape.n; ++c) {
        int64_t sum = static_cast<int64_t>(rows.zeros[static_cast<size_t>(r)]) *
                      packed.sums[packed.shape.scale_index(0, c)];
        for (int i = 0; i < packed.shape.padded_k(); ++i) sum += rows.at(r, i) * packed.at(i, c);
        ASSERT_EQ(static_cast<float>(sum),
                  out[static_cast<size_t>(r * packed.shape.padded_n() + c)])
            << kernel->name << " row " << r << " column " << c << " k " << packed.shape.k;
      }
    }
  }
}

// Fills columns with random weights, and with the largest weights that the packing allows.
void FillWeights(Packed* packed, std::mt19937* random) {
  const PackedShape& shape = packed->shape;
  std::vector<float> weights(static_cast<size_t>(shape.k * shape.n));
  for (int i = 0; i < shape.k; ++i) {
    for (int c = 0; c < shape.n; ++c) {
      float value = std::normal_distribution<float>()(*random);
      if (c % 5 == 1) value = 1;
      if (c % 5 == 2) value = -1;
      if (c % 5 == 3) value = i % 2 == 0 ? 1.0F : -1.0F;
      if (c % 5 == 4) value = i == shape.k / 2 ? -3.0F : 0.0F;
      weights[static_cast<size_t>(i * shape.n + c)] = value;
    }
  }
  const std::vector<float> bias(static_cast<size_t>(shape.n), 0.0F);
  Pack(weights.data(), bias.data(), nullptr, nullptr, 1,
       {shape, packed->values.data(), packed->scales.data(), packed->sums.data(),
        packed->bias.data()});
}

void FillRows(Rows* rows, int count, std::mt19937* random) {
  const int limit = rows->element == Element::kInt8 ? kInt8Limit : kInt16Limit;
  const int low = rows->element == Element::kInt8 ? 0 : -kInt16Limit;
  for (int r = 0; r < count; ++r) {
    for (size_t i = 0; i < rows->stride; ++i) {
      int value = std::uniform_int_distribution<int>(low, limit)(*random);
      if (r % 4 == 1) value = limit;
      if (r % 4 == 2) value = low;
      if (r % 4 == 3) value = i % 2 == 0 ? limit : low;
      rows->set(r, static_cast<int>(i), value);
    }
  }
  for (int32_t& zero : rows->zeros) {
    zero = std::uniform_int_distribution<int>(0, kInt8Limit)(*random);
  }
}

TEST(KernelTest, ProductsAreExact) {
  std::mt19937 random(1);
  for (const Element element : {Element::kInt8, Element::kInt16}) {
    for (const int k : {1, 7, 8, 20, 64}) {
      for (const int n : {1, 16, 33}) {
        for (const int count : {1, 2, 3, 4, 5, 6, 7, 13}) {
          Packed packed(element, k, n);
          FillWeights(&packed, &random);
          std::fill(packed.scales.begin(), packed.scales.end(), 1.0F);
          Rows rows(packed.shape, count);
          FillRows(&rows, count, &random);
          ExpectExact(packed, rows, count);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// Tests scales, several blocks, more rows than a kernel takes at once, and every epilogue.
TEST(KernelTest, EveryKernelGivesTheBitsOfThePortableOne) {
  std::mt19937 random(2);
  for (const Element element : {Element::kInt8, Element::kInt16}) {
    for (const int k : {8, 136, 200, 384}) {
      for (const int count : {1, 11, 67}) {
        Packed packed(element, k, 40);
        FillWeights(&packed, &random);
        for (float& bias : packed.bias) bias = std::normal_distribution<float>()(random);
        Rows rows(packed.shape, count);
        FillRows(&rows, count, &random);
        for (float& scale : rows.scales) {
          scale = std::uniform_real_distribution<float>(0.001F, 0.01F)(random);
        }
        for (const Epilogue epilogue : {Epilogue::kStore, Epilogue::kAdd, Epilogue::kGelu}) {
          const auto expected = Multiply(kPortableKernel, packed, rows, count, epilogue, 0.5F);
          for (const Kernel* kernel : Kernels()) {
            const auto out = Multiply(*kernel, packed, rows, count, epilogue, 0.5F);
            for (size_t i = 0; i < out.size(); ++i) {
              if (epilogue == Epilogue::kGelu) {
                ASSERT_NEAR(expected[i], out[i], 2e-6F * (1 + std::abs(expected[i])))
                    << kernel->name;
              } else {
                ASSERT_EQ(expected[i], out[i]) << kernel->name << " at " << i << " k " << k;
              }
            }
          }
        }
      }
    }
  }
}

TEST(KernelTest, QuantizesWithinHalfAStep) {
  std::mt19937 random(3);
  for (const Kernel* kernel : Kernels()) {
    for (const int length : {8, 24, kInt8Block}) {
      for (int round = 0; round < 40; ++round) {
        std::vector<float> x(static_cast<size_t>(length));
        std::vector<float> smooth(x.size());
        for (float& value : x) {
          value = std::normal_distribution<float>(round % 4 == 0 ? 5.0F : 0.0F)(random);
          if (round % 5 == 1) value = -std::abs(value);
          if (round % 5 == 2) value = 0;
        }
        for (float& value : smooth) {
          value = std::uniform_real_distribution<float>(0.5F, 2.0F)(random);
        }
        std::vector<float> shift(x.size());
        for (float& value : shift) value = std::normal_distribution<float>(0, 0.3F)(random);
        std::vector<uint8_t> out(x.size());
        std::vector<int16_t> wide(x.size());
        float scale = 0;
        int32_t zero = 0;
        kernel->quantize_int8(
            {x.data(), smooth.data(), shift.data(), length, out.data(), &scale, &zero});
        EXPECT_GE(zero, 0);
        EXPECT_LE(zero, kInt8Limit);
        float wide_scale = 0;
        kernel->quantize_int16(
            {x.data(), smooth.data(), shift.data(), length, wide.data(), &wide_scale, nullptr});
        for (size_t i = 0; i < x.size(); ++i) {
          const float value = x[i] * smooth[i] + shift[i];
          ASSERT_LE(out[i], kInt8Limit);
          // The zero point is rounded, so the error can be a whole step.
          ASSERT_NEAR(value, static_cast<float>(out[i] - zero) * scale, scale * 1.01F)
              << kernel->name;
          ASSERT_LE(std::abs(wide[i]), kInt16Limit);
          ASSERT_NEAR(value, static_cast<float>(wide[i]) * wide_scale, wide_scale * 0.51F)
              << kernel->name;
        }
      }
    }
  }
}

// NaN and infinity must not give an index or a value out of range.
TEST(KernelTest, QuantizesWhatIsNoNumberIntoRange) {
  for (const Kernel* kernel : Kernels()) {
    for (const float odd : {NAN, INFINITY, -INFINITY, 3e38F, -3e38F, 1e-45F}) {
      std::vector<float> x(16, 1.0F);
      x[3] = odd;
      const std::vector<float> smooth(16, 1.0F);
      std::vector<uint8_t> out(16);
      std::vector<int16_t> wide(16);
      float scale = 0;
      int32_t zero = 0;
      kernel->quantize_int8(
          {x.data(), smooth.data(), smooth.data(), 16, out.data(), &scale, &zero});
      for (uint8_t value : out) EXPECT_LE(value, kInt8Limit) << kernel->name << " " << odd;
      kernel->quantize_int16(
          {x.data(), smooth.data(), smooth.data(), 16, wide.data(), &scale, nullptr});
      for (int16_t value : wide) EXPECT_LE(std::abs(value), kInt16Limit) << kernel->name;
    }
  }
}

TEST(KernelTest, Normalizes) {
  std::mt19937 random(4);
  for (const Kernel* kernel : Kernels()) {
    for (const int size : {1, 5, 8, 40, 383, 384}) {
      std::vector<float> x(static_cast<size_t>(size));
      std::vector<float> scale(x.size());
      std::vector<float> bias(x.size());
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = std::normal_distribution<float>(3, 2)(random);
        scale[i] = std::normal_distribution<float>(1, 0.1F)(random);
        bias[i] = std::normal_distribution<float>()(random);
      }
      double mean = 0;
      for (float value : x) mean += static_cast<double>(value) / size;
      double variance = 0;
      for (float value : x) {
        variance +=
            (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean) / size;
      }
      std::vector<float> y = x;
      kernel->normalize(y.data(), size, scale.data(), bias.data(), 1e-5F);
      for (size_t i = 0; i < x.size(); ++i) {
        const double expected = (static_cast<double>(x[i]) - mean) / std::sqrt(variance + 1e-5) *
                                    static_cast<double>(scale[i]) +
                                static_cast<double>(bias[i]);
        ASSERT_NEAR(expected, static_cast<double>(y[i]), 1e-5) << kernel->name << " size " << size;
      }
    }
  }
}

TEST(KernelTest, Attends) {
  std::mt19937 random(5);
  for (const Kernel* kernel : Kernels()) {
    for (const int keys : {1, 2, 15, 16, 17, 63, 64, 65, 130}) {
      for (const int size : {1, 8, 12, 32, 64}) {
        const auto stride = static_cast<size_t>(size + 3);
        const auto rows = static_cast<size_t>(keys);
        std::vector<float> q(rows * stride);
        std::vector<float> k(rows * stride);
        std::vector<float> v(rows * stride);
        // Includes large scores, whose powers would overflow without subtracting the largest score.
        for (float& x : q) x = std::normal_distribution<float>(0, 4)(random);
        for (float& x : k) x = std::normal_distribution<float>(0, 1)(random);
        for (float& x : v) x = std::normal_distribution<float>(0, 1)(random);
        std::vector<float> memory(AttentionScratch(keys, size) + 16);
        auto* scratch = memory.data();
        while (reinterpret_cast<uintptr_t>(scratch) % 64 != 0) ++scratch;
        std::vector<float> out = q;  // in place, as in the encoder
        kernel->attend({out.data(), stride, keys, k.data(), v.data(), stride, keys, size,
                        out.data(), scratch});
        for (size_t r = 0; r < rows; ++r) {
          std::vector<double> scores;
          for (size_t j = 0; j < rows; ++j) {
            double score = 0;
            for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
              score +=
                  static_cast<double>(q[r * stride + i]) * static_cast<double>(k[j * stride + i]);
            }
            scores.push_back(score);
          }
          const double top = *std::max_element(scores.begin(), scores.end());
          double total = 0;
          for (double& score : scores) total += score = std::exp2(score - top);
          for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
            double expected = 0;
            for (size_t j = 0; j < rows; ++j) {
              expected += scores[j] / total * static_cast<double>(v[j * stride + i]);
            }
            ASSERT_NEAR(expected, static_cast<double>(out[r * stride + i]), 3e-5)
                << kernel->name << " keys " << keys << " size " << size;
          }
          for (size_t i = static_cast<size_t>(size); i < stride; ++i) {
            ASSERT_EQ(q[r * stride + i], out[r * stride + i]) << "written past the head";
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace neuron_embed::encoder
