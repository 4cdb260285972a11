// The kernel for aarch64 processors with dot products (ASIMDDP: Graviton 2 and later). This file
// has its own compiler flags. So the only inline functions of headers that it may call are
// intrinsics and functions that are always inlined.

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "encoder/approximations.h"
#include "encoder/kernels.h"

namespace neuron_embed::encoder {
namespace {

#define NEURON_INLINE inline __attribute__((always_inline))

constexpr int kLanes = 4;
constexpr size_t kVectors = kPanel / kLanes;  // of a panel

// ---------------------------------------------------------------- functions

// x * Phi(x).
NEURON_INLINE float32x4_t Gelu(float32x4_t x) {
  const float32x4_t limit = vdupq_n_f32(5.0F);
  const float32x4_t near = vmaxq_f32(vminq_f32(x, limit), vnegq_f32(limit));
  const float32x4_t u = vfmaq_f32(vdupq_n_f32(-1.0F), vmulq_f32(near, near), vdupq_n_f32(0.08F));
  float32x4_t sum = vdupq_n_f32(kGeluFit[0]);
  for (int i = 1; i < 13; ++i) sum = vfmaq_f32(vdupq_n_f32(kGeluFit[i]), sum, u);
  // Below the range of the fit, both Phi and x are taken from the edge of the range.
  return vmulq_f32(vmaxq_f32(x, near), vfmaq_f32(vdupq_n_f32(0.5F), near, sum));
}

// 2^x for x <= 0. The result is 2^-126 for x below -126.
NEURON_INLINE float32x4_t Exp2(float32x4_t x) {
  x = vmaxq_f32(x, vdupq_n_f32(-126.0F));
  const float32x4_t whole = vrndnq_f32(x);
  const float32x4_t part = vsubq_f32(x, whole);
  float32x4_t sum = vdupq_n_f32(kExp2Fit[0]);
  for (int i = 1; i < 6; ++i) sum = vfmaq_f32(vdupq_n_f32(kExp2Fit[i]), sum, part);
  const int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(whole), 23);
  return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(sum), exponent));
}

// ---------------------------------------------------------------- products

// A range of successive k within one block, of some rows and of one panel.
struct Block {
  const void* a;  // of the first row
  size_t stride;  // elements between rows
  const void* w;
  int length;
  const int32_t* zeros;     // of the first row
  const float* row_scales;  // of the first row
  size_t block_stride;
  const int32_t* negated_sums;
  const float* scales;
};

// The number of rows of a tile. The registers can hold the sums of so many rows.
constexpr size_t kTile = 4;

// Activations are unsigned, but the instruction multiplies signed numbers. So 128 is subtracted
// from each activation, and from the zero point too, which leaves the sum the same.
template <size_t kRows>
NEURON_INLINE void SumInt8(const Block& block, int32x4_t (&sums)[kRows][kVectors]) {
  for (size_t v = 0; v < kVectors; ++v) {
    const int32x4_t negated = vld1q_s32(block.negated_sums + v * kLanes);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r][v] = vmulq_n_s32(negated, block.zeros[r * block.block_stride] - 128);
    }
  }
  const auto* a = static_cast<const uint8_t*>(block.a);
  const auto* w = static_cast<const int8_t*>(block.w);
  for (int i = 0; i < block.length; i += kStep) {
    int8x8_t x[kRows];
    for (size_t r = 0; r < kRows; ++r) {
      x[r] = vreinterpret_s8_u8(veor_u8(vld1_u8(a + r * block.stride), vdup_n_u8(128)));
    }
    for (size_t v = 0; v < kVectors; ++v) {
      const int8x16_t w0 = vld1q_s8(w + v * 16);
      const int8x16_t w1 = vld1q_s8(w + kPanel * 4 + v * 16);
      for (size_t r = 0; r < kRows; ++r) {
        sums[r][v] = vdotq_lane_s32(sums[r][v], w0, x[r], 0);
        sums[r][v] = vdotq_lane_s32(sums[r][v], w1, x[r], 1);
      }
    }
    a += kStep;
    w += kStep * kPanel;
  }
}

template <size_t kRows>
NEURON_INLINE void SumInt16(const Block& block, int32x4_t (&sums)[kRows][kVectors]) {
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t v = 0; v < kVectors; ++v) sums[r][v] = vdupq_n_s32(0);
  }
  const auto* a = static_cast<const int16_t*>(block.a);
  const auto* w = static_cast<const int16_t*>(block.w);
  for (int i = 0; i < block.length; i += 4) {
    int16x4_t x[kRows];
    for (size_t r = 0; r < kRows; ++r) x[r] = vld1_s16(a + r * block.stride);
    for (size_t half = 0; half < 2; ++half) {
      // Two successive k of 8 columns each.
      const int16x8x2_t first = vld2q_s16(w + half * 16);
      const int16x8x2_t second = vld2q_s16(w + kPanel * 2 + half * 16);
      for (size_t r = 0; r < kRows; ++r) {
        int32x4_t& low = sums[r][half * 2];
        int32x4_t& high = sums[r][half * 2 + 1];
        low = vmlal_lane_s16(low, vget_low_s16(first.val[0]), x[r], 0);
        high = vmlal_high_lane_s16(high, first.val[0], x[r], 0);
        low = vmlal_lane_s16(low, vget_low_s16(first.val[1]), x[r], 1);
        high = vmlal_high_lane_s16(high, first.val[1], x[r], 1);
        low = vmlal_lane_s16(low, vget_low_s16(second.val[0]), x[r], 2);
        high = vmlal_high_lane_s16(high, second.val[0], x[r], 2);
        low = vmlal_lane_s16(low, vget_low_s16(second.val[1]), x[r], 3);
        high = vmlal_high_lane_s16(high, second.val[1], x[r], 3);
      }
    }
    a += 4;
    w += kPanel * 4;
  }
}

// partial[row][column of the panel] += the products of a tile. Then moves to the rows after the
// tile. The operations are the same as in the portable kernel.
template <bool kInt8, size_t kRows>
NEURON_INLINE void AddTile(Block& block, float*& partial) {
  int32x4_t sums[kRows][kVectors];
  if constexpr (kInt8) {
    SumInt8<kRows>(block, sums);
    block.a = static_cast<const uint8_t*>(block.a) + kRows * block.stride;
  } else {
    SumInt16<kRows>(block, sums);
    block.a = static_cast<const int16_t*>(block.a) + kRows * block.stride;
  }
  for (size_t r = 0; r < kRows; ++r) {
    const float row_scale = block.row_scales[r * block.block_stride];
    for (size_t v = 0; v < kVectors; ++v) {
      float* to = partial + r * kPanel + v * kLanes;
      const float32x4_t scale = vmulq_n_f32(vld1q_f32(block.scales + v * kLanes), row_scale);
      vst1q_f32(to, vfmaq_f32(vld1q_f32(to), vcvtq_f32_s32(sums[r][v]), scale));
    }
  }
  block.zeros += kRows * block.block_stride;
  block.row_scales += kRows * block.block_stride;
  partial += kRows * kPanel;
}

template <bool kInt8>
void AddRows(Block block, size_t rows, float* partial) {
  for (; rows >= kTile; rows -= kTile) AddTile<kInt8, kTile>(block, partial);
  for (; rows > 0; --rows) AddTile<kInt8, 1>(block, partial);
}

NEURON_INLINE void Finish(Epilogue epilogue, const float* partial, size_t rows, float* out,
                          size_t out_stride) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t column = 0; column < kPanel; column += kLanes) {
      float32x4_t y = vld1q_f32(partial + r * kPanel + column);
      float* to = out + r * out_stride + column;
      if (epilogue == Epilogue::kGelu) y = Gelu(y);
      if (epilogue == Epilogue::kAdd) y = vaddq_f32(vld1q_f32(to), y);
      vst1q_f32(to, y);
    }
  }
}

// A product handles at most kChunk rows at once, so its partial results stay in the level 1 cache.
constexpr size_t kChunk = 64;

template <bool kInt8>
void MultiplyChunk(const Product& product, size_t row, size_t rows) {
  constexpr size_t kBytes = kInt8 ? 1 : 2;
  constexpr size_t kLength = kInt8 ? kInt8Block : kInt16Block;
  alignas(64) float partial[kChunk * kPanel];
  const PackedMatrix& matrix = *product.matrix;
  const QuantizedRows& input = product.input;
  const size_t padded_k = static_cast<size_t>((matrix.shape.k + kStep - 1) / kStep) * kStep;
  const size_t blocks = (padded_k + kLength - 1) / kLength;
  const auto first_panel = static_cast<size_t>(product.first_panel);
  const auto last_panel = static_cast<size_t>(product.last_panel);
  for (size_t panel = first_panel; panel < last_panel; ++panel) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t column = 0; column < kPanel; column += kLanes) {
        vst1q_f32(partial + r * kPanel + column, vld1q_f32(matrix.bias + panel * kPanel + column));
      }
    }
    for (size_t index = 0; index < blocks; ++index) {
      const size_t begin = index * kLength;
      const size_t scales = (panel * blocks + index) * kPanel;
      const size_t at = row * input.block_stride + index;
      Block block{};
      block.stride = input.stride;
      block.a = static_cast<const uint8_t*>(input.values) + (row * input.stride + begin) * kBytes;
      block.w =
          static_cast<const uint8_t*>(matrix.values) + (panel * padded_k + begin) * kPanel * kBytes;
      block.length = static_cast<int>(padded_k - begin < kLength ? padded_k - begin : kLength);
      block.zeros = input.zeros + at;
      block.row_scales = input.scales + at;
      block.block_stride = input.block_stride;
      block.negated_sums = matrix.negated_sums + scales;
      block.scales = matrix.scales + scales;
      AddRows<kInt8>(block, rows, partial);
    }
    Finish(product.epilogue, partial, rows,
           product.out + row * product.out_stride + (panel - first_panel) * kPanel,
           product.out_stride);
  }
}

void Multiply(const Product& product) {
  const auto rows = static_cast<size_t>(product.rows);
  for (size_t row = 0; row < rows; row += kChunk) {
    const size_t count = rows - row < kChunk ? rows - row : kChunk;
    if (product.matrix->shape.element == Element::kInt8) {
      MultiplyChunk<true>(product, row, count);
    } else {
      MultiplyChunk<false>(product, row, count);
    }
  }
}

// ---------------------------------------------------------------- rows

NEURON_INLINE float32x4_t InputAt(const QuantizeBlock& block, int i) {
  return vfmaq_f32(vld1q_f32(block.shift + i), vld1q_f32(block.x + i),
                   vld1q_f32(block.inverse_smooth + i));
}

// NaN values are ignored: the minimum or maximum of NaN and another value is the other value.
void QuantizeInt8(const QuantizeBlock& block) {
  float32x4_t low = vdupq_n_f32(0);
  float32x4_t high = low;
  for (int i = 0; i < block.length; i += kLanes) {
    const float32x4_t x = InputAt(block, i);
    low = vminnmq_f32(x, low);
    high = vmaxnmq_f32(x, high);
  }
  const float lowest = vminvq_f32(low);
  const float range = vmaxvq_f32(high) - lowest;
  const float inverse = range > 0 ? kInt8Limit / range : 0;
  int32_t zero = vcvtns_s32_f32(-lowest * inverse);
  zero = zero < 0 ? 0 : zero > kInt8Limit ? kInt8Limit : zero;
  *block.scale = range * (1.0F / kInt8Limit);
  *block.zero = zero;
  auto* out = static_cast<uint8_t*>(block.out);
  const int32x4_t shift = vdupq_n_s32(zero);
  for (int i = 0; i < block.length; i += kStep) {
    const int32x4_t first = vcvtnq_s32_f32(vmulq_n_f32(InputAt(block, i), inverse));
    const int32x4_t second = vcvtnq_s32_f32(vmulq_n_f32(InputAt(block, i + kLanes), inverse));
    const int16x8_t words =
        vcombine_s16(vqmovn_s32(vqaddq_s32(first, shift)), vqmovn_s32(vqaddq_s32(second, shift)));
    vst1_u8(out + i, vmin_u8(vqmovun_s16(words), vdup_n_u8(kInt8Limit)));
  }
}

void QuantizeInt16(const QuantizeBlock& block) {
  float32x4_t high = vdupq_n_f32(0);
  for (int i = 0; i < block.length; i += kLanes) {
    high = vmaxnmq_f32(vabsq_f32(InputAt(block, i)), high);
  }
  const float largest = vmaxvq_f32(high);
  const float inverse = largest > 0 ? kInt16Limit / largest : 0;
  *block.scale = largest * (1.0F / kInt16Limit);
  auto* out = static_cast<int16_t*>(block.out);
  for (int i = 0; i < block.length; i += kLanes) {
    const int16x4_t words = vqmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(InputAt(block, i), inverse)));
    vst1_s16(out + i, vmax_s16(vmin_s16(words, vdup_n_s16(kInt16Limit)), vdup_n_s16(-kInt16Limit)));
  }
}

void Normalize(float* x, int size, const float* scale, const float* bias, float epsilon) {
  const int whole = size / kLanes * kLanes;
  float32x4_t sum = vdupq_n_f32(0);
  for (int i = 0; i < whole; i += kLanes) sum = vaddq_f32(sum, vld1q_f32(x + i));
  float total = vaddvq_f32(sum);
  for (int i = whole; i < size; ++i) total += x[i];
  const float mean = total / static_cast<float>(size);
  float32x4_t squares = vdupq_n_f32(0);
  for (int i = 0; i < whole; i += kLanes) {
    const float32x4_t difference = vsubq_f32(vld1q_f32(x + i), vdupq_n_f32(mean));
    squares = vfmaq_f32(squares, difference, difference);
  }
  float variance = vaddvq_f32(squares);
  for (int i = whole; i < size; ++i) variance += (x[i] - mean) * (x[i] - mean);
  variance /= static_cast<float>(size);
  const float factor = 1 / __builtin_sqrtf(variance + epsilon);
  for (int i = 0; i < whole; i += kLanes) {
    const float32x4_t y = vmulq_n_f32(vsubq_f32(vld1q_f32(x + i), vdupq_n_f32(mean)), factor);
    vst1q_f32(x + i, vfmaq_f32(vld1q_f32(bias + i), y, vld1q_f32(scale + i)));
  }
  for (int i = whole; i < size; ++i) x[i] = (x[i] - mean) * factor * scale[i] + bias[i];
}

// ---------------------------------------------------------------- attention

// c[kRows, 16] = (or +=) a[kRows, depth] b[depth, 16].
template <size_t kRows>
NEURON_INLINE void Multiply16(const float* a, size_t a_stride, const float* b, size_t b_stride,
                              int depth, float* c, size_t c_stride, bool add) {
  float32x4_t sums[kRows][kVectors];
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t v = 0; v < kVectors; ++v) {
      sums[r][v] = add ? vld1q_f32(c + r * c_stride + v * kLanes) : vdupq_n_f32(0);
    }
  }
  for (int i = 0; i < depth; ++i) {
    for (size_t v = 0; v < kVectors; ++v) {
      const float32x4_t column = vld1q_f32(b + v * kLanes);
      for (size_t r = 0; r < kRows; ++r) {
        sums[r][v] = vfmaq_n_f32(sums[r][v], column, a[r * a_stride + static_cast<size_t>(i)]);
      }
    }
    b += b_stride;
  }
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t v = 0; v < kVectors; ++v) vst1q_f32(c + r * c_stride + v * kLanes, sums[r][v]);
  }
}

// The same for any number of rows and any multiple of 16 columns.
void MultiplyRows(int rows, const float* a, size_t a_stride, const float* b, size_t b_stride,
                  int columns, int depth, float* c, size_t c_stride, bool add) {
  for (int column = 0; column < columns; column += kPanel) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      Multiply16<4>(a + static_cast<size_t>(r) * a_stride, a_stride, b + column, b_stride, depth,
                    c + static_cast<size_t>(r) * c_stride + column, c_stride, add);
    }
    for (; r < rows; ++r) {
      Multiply16<1>(a + static_cast<size_t>(r) * a_stride, a_stride, b + column, b_stride, depth,
                    c + static_cast<size_t>(r) * c_stride + column, c_stride, add);
    }
  }
}

// Lays a head's keys and values out. keys: [head_size, kKeyBlock] for each block of kKeyBlock keys.
// values: [key, width]. Keys and columns are padded with zeros to the next multiple of 16.
void Gather(const Attention& attention, float* keys, float* values, int width) {
  const int size = attention.head_size;
  const int padded = (attention.keys + 15) / 16 * 16;
  for (int j = 0; j < padded; ++j) {
    float* to = keys + static_cast<size_t>(j / kKeyBlock * kKeyBlock) * static_cast<size_t>(size) +
                j % kKeyBlock;
    const float* from = attention.k + static_cast<size_t>(j) * attention.stride;
    for (int i = 0; i < size; ++i) to[i * kKeyBlock] = j < attention.keys ? from[i] : 0.0F;
  }
  for (int j = 0; j < attention.keys; ++j) {
    const float* from = attention.v + static_cast<size_t>(j) * attention.stride;
    float* to = values + static_cast<size_t>(j) * static_cast<size_t>(width);
    for (int i = 0; i < width; ++i) to[i] = i < size ? from[i] : 0.0F;
  }
}

// Turns a row's scores of one block of keys into weights relative to the largest score so far. If
// that score grows, the row's sums so far are scaled down to match.
NEURON_INLINE void Weigh(float* scores, int keys, float* largest, float* total, float* sums,
                         int width) {
  int padded = keys;
  for (; padded % kLanes != 0; ++padded) scores[padded] = -__builtin_inff();
  float32x4_t high = vld1q_f32(scores);
  for (int i = kLanes; i < padded; i += kLanes) high = vmaxq_f32(high, vld1q_f32(scores + i));
  const float before = *largest;
  const float top = vmaxvq_f32(high);
  if (top > before) {
    *largest = top;
    if (*total > 0) {
      const float32x4_t shrink = Exp2(vdupq_n_f32(before - top));
      *total *= vgetq_lane_f32(shrink, 0);
      for (int i = 0; i < width; i += kLanes) {
        vst1q_f32(sums + i, vmulq_f32(shrink, vld1q_f32(sums + i)));
      }
    }
  }
  const float32x4_t base = vdupq_n_f32(*largest);
  float32x4_t sum = vdupq_n_f32(0);
  for (int i = 0; i < padded; i += kLanes) {
    const float32x4_t weight = Exp2(vsubq_f32(vld1q_f32(scores + i), base));
    sum = vaddq_f32(sum, weight);
    vst1q_f32(scores + i, weight);
  }
  *total += vaddvq_f32(sum);
}

void Attend(const Attention& attention) {
  const int size = attention.head_size;
  const int width = (size + 15) / 16 * 16;
  const auto columns = static_cast<size_t>(width);
  const auto padded_keys =
      static_cast<size_t>((attention.keys + kKeyBlock - 1) / kKeyBlock * kKeyBlock);
  float* keys = attention.scratch;
  float* values = keys + padded_keys * columns;
  float* scores = values + padded_keys * columns;
  float* sums = scores + kQueryBlock * kKeyBlock;
  float* largest = sums + kQueryBlock * columns;
  float* total = largest + kQueryBlock;
  Gather(attention, keys, values, width);
  for (int query = 0; query < attention.queries; query += kQueryBlock) {
    const int rows =
        attention.queries - query < kQueryBlock ? attention.queries - query : kQueryBlock;
    const size_t at = static_cast<size_t>(query) * attention.q_stride;
    for (int r = 0; r < rows; ++r) {
      largest[r] = -__builtin_inff();
      total[r] = 0;
    }
    for (int key = 0; key < attention.keys; key += kKeyBlock) {
      const int count = attention.keys - key < kKeyBlock ? attention.keys - key : kKeyBlock;
      MultiplyRows(rows, attention.q + at, attention.q_stride,
                   keys + static_cast<size_t>(key) * static_cast<size_t>(size), kKeyBlock,
                   (count + 15) / 16 * 16, size, scores, kKeyBlock, false);
      for (int r = 0; r < rows; ++r) {
        Weigh(scores + r * kKeyBlock, count, largest + r, total + r,
              sums + static_cast<size_t>(r) * columns, width);
      }
      MultiplyRows(rows, scores, kKeyBlock, values + static_cast<size_t>(key) * columns, columns,
                   width, count, sums, columns, key > 0);
    }
    for (int r = 0; r < rows; ++r) {
      float* out = attention.out + at + static_cast<size_t>(r) * attention.q_stride;
      const float* sum = sums + static_cast<size_t>(r) * columns;
      const float inverse = 1 / total[r];
      for (int i = 0; i < size; ++i) out[i] = sum[i] * inverse;
    }
  }
}

}  // namespace

const Kernel kNeonKernel = {"neon", Multiply, QuantizeInt8, QuantizeInt16, Normalize, Attend};

}  // namespace neuron_embed::encoder
