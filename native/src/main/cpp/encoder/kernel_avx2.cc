// The kernel for processors with AVX2 and FMA. This file has its own compiler flags. So the
// only inline functions of headers that it may call are intrinsics and functions that are always
// inlined.

#include "encoder/kernel_avx2.h"

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "encoder/approximations.h"
#include "encoder/kernels.h"

namespace neuron_embed::encoder {
namespace {

#define NEURON_INLINE inline __attribute__((always_inline))

constexpr int kLanes = 8;

// ---------------------------------------------------------------- functions

// x * Phi(x).
NEURON_INLINE __m256 Gelu(__m256 x) {
  const __m256 limit = _mm256_set1_ps(5.0F);
  const __m256 near =
      _mm256_max_ps(_mm256_min_ps(x, limit), _mm256_sub_ps(_mm256_setzero_ps(), limit));
  const __m256 u =
      _mm256_fmsub_ps(_mm256_mul_ps(near, near), _mm256_set1_ps(0.08F), _mm256_set1_ps(1.0F));
  __m256 sum = _mm256_set1_ps(kGeluFit[0]);
  for (int i = 1; i < 13; ++i) sum = _mm256_fmadd_ps(sum, u, _mm256_set1_ps(kGeluFit[i]));
  // Below the range of the fit, both Phi and x are taken from the edge of the range.
  return _mm256_mul_ps(_mm256_max_ps(x, near), _mm256_fmadd_ps(near, sum, _mm256_set1_ps(0.5F)));
}

// 2^x for x <= 0. The result is 2^-126 for x below -126.
NEURON_INLINE __m256 Exp2(__m256 x) {
  x = _mm256_max_ps(x, _mm256_set1_ps(-126.0F));
  const __m256 whole = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m256 part = _mm256_sub_ps(x, whole);
  __m256 sum = _mm256_set1_ps(kExp2Fit[0]);
  for (int i = 1; i < 6; ++i) sum = _mm256_fmadd_ps(sum, part, _mm256_set1_ps(kExp2Fit[i]));
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(sum), exponent));
}

NEURON_INLINE float SumOf(__m256 v) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

NEURON_INLINE float MaxOf(__m256 v) {
  __m128 high = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  high = _mm_max_ps(high, _mm_movehl_ps(high, high));
  return _mm_cvtss_f32(_mm_max_ss(high, _mm_movehdup_ps(high)));
}

// A mask of the first `count` lanes, at most 8.
NEURON_INLINE __m256i MaskOf(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// ---------------------------------------------------------------- products

template <typename T>
NEURON_INLINE const T* At(const uint8_t* p) {
  return static_cast<const T*>(static_cast<const void*>(p));
}

NEURON_INLINE __m256i Load(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}

// The number of rows of a tile. The registers can hold the sums of so many rows.
template <bool kInt8>
constexpr size_t kTile = kInt8 ? 4 : 6;

// A range of successive k within one block, of some rows and of one panel.
struct Block {
  const uint8_t* a;  // of the first row
  size_t stride;     // bytes between rows
  const uint8_t* w;
  int length;
  const int32_t* zeros;     // of the first row
  const float* row_scales;  // of the first row
  size_t block_stride;
  const int32_t* negated_sums;
  const float* scales;
};

// sum += the products of 8 successive k of a row with half a panel. Because of the sets of
// packed_matrix.h, each result of vpmaddubsw, and the sum of two results, fits into int16. This is
// in assembly because compilers keep the broadcast values for the other half and so spill the sums.
NEURON_INLINE void AddInt8(__m256i& sum, const uint8_t* row, __m256i w0, __m256i w1, __m256i ones) {
  __m256i first;
  __m256i second;
  asm("vpbroadcastd %[low], %[first]\n\t"
      "vpbroadcastd %[high], %[second]\n\t"
      "vpmaddubsw %[w0], %[first], %[first]\n\t"
      "vpmaddubsw %[w1], %[second], %[second]\n\t"
      "vpaddw %[second], %[first], %[first]\n\t"
      "vpmaddwd %[ones], %[first], %[first]\n\t"
      "vpaddd %[first], %[sum], %[sum]"
      : [sum] "+x"(sum), [first] "=&x"(first), [second] "=&x"(second)
      : [low] "m"(*At<uint32_t>(row)), [high] "m"(*At<uint32_t>(row + 4)), [w0] "x"(w0),
        [w1] "x"(w1), [ones] "x"(ones));
}

// The same for 2 successive k of a row in int16 with a whole panel.
NEURON_INLINE void AddInt16(__m256i& sum0, __m256i& sum1, const uint8_t* row, __m256i w0,
                            __m256i w1) {
  __m256i x;
  __m256i product;
  asm("vpbroadcastd %[two], %[x]\n\t"
      "vpmaddwd %[w0], %[x], %[product]\n\t"
      "vpmaddwd %[w1], %[x], %[x]\n\t"
      "vpaddd %[product], %[sum0], %[sum0]\n\t"
      "vpaddd %[x], %[sum1], %[sum1]"
      : [sum0] "+x"(sum0), [sum1] "+x"(sum1), [x] "=&x"(x), [product] "=&x"(product)
      : [two] "m"(*At<uint32_t>(row)), [w0] "x"(w0), [w1] "x"(w1));
}

template <size_t kRows>
NEURON_INLINE void SumInt8(const Block& block, __m256i (&sums)[kRows][2]) {
  for (size_t half = 0; half < 2; ++half) {
    const __m256i negated = Load(block.negated_sums + half * kLanes);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r][half] =
          _mm256_mullo_epi32(_mm256_set1_epi32(block.zeros[r * block.block_stride]), negated);
    }
  }
  const __m256i ones = _mm256_set1_epi16(1);
  const uint8_t* a = block.a;
  const uint8_t* w = block.w;
  for (int i = 0; i < block.length; i += kStep) {
    for (size_t half = 0; half < 2; ++half) {
      const __m256i w0 = Load(w + half * 32);
      const __m256i w1 = Load(w + 64 + half * 32);
      for (size_t r = 0; r < kRows; ++r) AddInt8(sums[r][half], a + r * block.stride, w0, w1, ones);
    }
    a += kStep;
    w += kStep * kPanel;
  }
}

template <size_t kRows>
NEURON_INLINE void SumInt16(const Block& block, __m256i (&sums)[kRows][2]) {
  for (size_t r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
  const uint8_t* a = block.a;
  const uint8_t* w = block.w;
  for (int i = 0; i < block.length; i += 2) {
    const __m256i w0 = Load(w);
    const __m256i w1 = Load(w + 32);
    for (size_t r = 0; r < kRows; ++r) {
      AddInt16(sums[r][0], sums[r][1], a + r * block.stride, w0, w1);
    }
    a += 4;
    w += 64;
  }
}

// partial[row][column of the panel] += the products of a tile. Then moves to the rows after the
// tile. The operations are the same as in the portable kernel.
template <bool kInt8, size_t kRows>
NEURON_INLINE void AddTile(Block& block, float*& partial) {
  __m256i sums[kRows][2];
  if constexpr (kInt8) {
    SumInt8<kRows>(block, sums);
  } else {
    SumInt16<kRows>(block, sums);
  }
  const __m256 scale0 = _mm256_loadu_ps(block.scales);
  const __m256 scale1 = _mm256_loadu_ps(block.scales + kLanes);
  for (size_t r = 0; r < kRows; ++r) {
    const __m256 row_scale = _mm256_broadcast_ss(block.row_scales + r * block.block_stride);
    float* to = partial + r * kPanel;
    _mm256_store_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[r][0]),
                                        _mm256_mul_ps(scale0, row_scale), _mm256_load_ps(to)));
    to += kLanes;
    _mm256_store_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[r][1]),
                                        _mm256_mul_ps(scale1, row_scale), _mm256_load_ps(to)));
  }
  block.a += kRows * block.stride;
  block.zeros += kRows * block.block_stride;
  block.row_scales += kRows * block.block_stride;
  partial += kRows * kPanel;
}

template <bool kInt8>
void AddRows(Block block, size_t rows, float* partial) {
  for (; rows >= kTile<kInt8>; rows -= kTile<kInt8>) AddTile<kInt8, kTile<kInt8>>(block, partial);
  switch (rows) {
    case 1:
      AddTile<kInt8, 1>(block, partial);
      break;
    case 2:
      AddTile<kInt8, 2>(block, partial);
      break;
    case 3:
      AddTile<kInt8, 3>(block, partial);
      break;
    case 4:
      AddTile<kInt8, 4>(block, partial);
      break;
    case 5:
      AddTile<kInt8, 3>(block, partial);
      AddTile<kInt8, 2>(block, partial);
      break;
    default:
      break;
  }
}

template <Epilogue kEpilogue>
NEURON_INLINE void Finish(const float* partial, size_t rows, float* out, size_t out_stride) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t column = 0; column < kPanel; column += kLanes) {
      __m256 y = _mm256_load_ps(partial + r * kPanel + column);
      float* to = out + r * out_stride + column;
      if constexpr (kEpilogue == Epilogue::kGelu) y = Gelu(y);
      if constexpr (kEpilogue == Epilogue::kAdd) y = _mm256_add_ps(_mm256_loadu_ps(to), y);
      _mm256_storeu_ps(to, y);
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
    const __m256 bias0 = _mm256_loadu_ps(matrix.bias + panel * kPanel);
    const __m256 bias1 = _mm256_loadu_ps(matrix.bias + panel * kPanel + kLanes);
    for (size_t r = 0; r < rows; ++r) {
      _mm256_store_ps(partial + r * kPanel, bias0);
      _mm256_store_ps(partial + r * kPanel + kLanes, bias1);
    }
    for (size_t index = 0; index < blocks; ++index) {
      const size_t begin = index * kLength;
      const size_t scales = (panel * blocks + index) * kPanel;
      const size_t at = row * input.block_stride + index;
      Block block{};
      block.stride = input.stride * kBytes;
      block.a = static_cast<const uint8_t*>(input.values) + row * block.stride + begin * kBytes;
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
    float* out = product.out + row * product.out_stride + (panel - first_panel) * kPanel;
    switch (product.epilogue) {
      case Epilogue::kStore:
        Finish<Epilogue::kStore>(partial, rows, out, product.out_stride);
        break;
      case Epilogue::kGelu:
        Finish<Epilogue::kGelu>(partial, rows, out, product.out_stride);
        break;
      case Epilogue::kAdd:
        Finish<Epilogue::kAdd>(partial, rows, out, product.out_stride);
        break;
    }
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

NEURON_INLINE __m256 InputAt(const QuantizeBlock& block, int i) {
  return _mm256_fmadd_ps(_mm256_loadu_ps(block.x + i), _mm256_loadu_ps(block.inverse_smooth + i),
                         _mm256_loadu_ps(block.shift + i));
}

}  // namespace

void avx2::QuantizeInt8(const QuantizeBlock& block) {
  __m256 low = _mm256_setzero_ps();
  __m256 high = low;
  for (int i = 0; i < block.length; i += kLanes) {
    const __m256 x = InputAt(block, i);
    low = _mm256_min_ps(x, low);
    high = _mm256_max_ps(x, high);
  }
  const float lowest = -MaxOf(_mm256_sub_ps(_mm256_setzero_ps(), low));
  const float range = MaxOf(high) - lowest;
  const float inverse = range > 0 ? kInt8Limit / range : 0;
  const int32_t zero = _mm_cvtss_si32(_mm_set_ss(-lowest * inverse));
  *block.scale = range * (1.0F / kInt8Limit);
  *block.zero = zero;
  auto* out = static_cast<uint8_t*>(block.out);
  const __m256 factor = _mm256_set1_ps(inverse);
  const __m256i shift = _mm256_set1_epi32(zero);
  const __m128i limit = _mm_set1_epi8(static_cast<char>(kInt8Limit));
  for (int i = 0; i < block.length; i += kLanes) {
    const __m256 x = InputAt(block, i);
    const __m256i rounded = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(x, factor)), shift);
    const __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storel_epi64(static_cast<__m128i*>(static_cast<void*>(out + i)),
                     _mm_min_epu8(_mm_packus_epi16(words, words), limit));
  }
}

void avx2::QuantizeInt16(const QuantizeBlock& block) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  __m256 high = _mm256_setzero_ps();
  for (int i = 0; i < block.length; i += kLanes) {
    const __m256 x = InputAt(block, i);
    high = _mm256_max_ps(_mm256_andnot_ps(sign, x), high);
  }
  const float largest = MaxOf(high);
  const float inverse = largest > 0 ? kInt16Limit / largest : 0;
  *block.scale = largest * (1.0F / kInt16Limit);
  auto* out = static_cast<int16_t*>(block.out);
  const __m256 factor = _mm256_set1_ps(inverse);
  const __m128i limit = _mm_set1_epi16(kInt16Limit);
  const __m128i least = _mm_set1_epi16(-kInt16Limit);
  for (int i = 0; i < block.length; i += kLanes) {
    const __m256 x = InputAt(block, i);
    const __m256i rounded = _mm256_cvtps_epi32(_mm256_mul_ps(x, factor));
    __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    words = _mm_max_epi16(_mm_min_epi16(words, limit), least);
    _mm_storeu_si128(static_cast<__m128i*>(static_cast<void*>(out + i)), words);
  }
}

void avx2::Normalize(float* x, int size, const float* scale, const float* bias, float epsilon) {
  const int whole = size / kLanes * kLanes;
  const __m256i mask = MaskOf(size - whole);
  __m256 sum = _mm256_maskload_ps(x + whole, mask);
  for (int i = 0; i < whole; i += kLanes) sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
  const float mean = SumOf(sum) / static_cast<float>(size);
  const __m256 center = _mm256_set1_ps(mean);
  const __m256 rest = _mm256_and_ps(_mm256_sub_ps(_mm256_maskload_ps(x + whole, mask), center),
                                    _mm256_castsi256_ps(mask));
  __m256 squares = _mm256_mul_ps(rest, rest);
  for (int i = 0; i < whole; i += kLanes) {
    const __m256 difference = _mm256_sub_ps(_mm256_loadu_ps(x + i), center);
    squares = _mm256_fmadd_ps(difference, difference, squares);
  }
  const float variance = SumOf(squares) / static_cast<float>(size);
  const float factor = 1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + epsilon)));
  const __m256 factors = _mm256_set1_ps(factor);
  for (int i = 0; i < whole; i += kLanes) {
    const __m256 y = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), center), factors);
    _mm256_storeu_ps(x + i,
                     _mm256_fmadd_ps(y, _mm256_loadu_ps(scale + i), _mm256_loadu_ps(bias + i)));
  }
  for (int i = whole; i < size; ++i) x[i] = (x[i] - mean) * factor * scale[i] + bias[i];
}

namespace {

// ---------------------------------------------------------------- attention

// c[kRows, 16] = (or +=) a[kRows, depth] b[depth, 16].
template <size_t kRows>
NEURON_INLINE void Multiply16(const float* a, size_t a_stride, const float* b, size_t b_stride,
                              int depth, float* c, size_t c_stride, bool add) {
  __m256 sums[kRows][2];
  for (size_t r = 0; r < kRows; ++r) {
    const size_t row = r;
    sums[r][0] = add ? _mm256_loadu_ps(c + row * c_stride) : _mm256_setzero_ps();
    sums[r][1] = add ? _mm256_loadu_ps(c + row * c_stride + kLanes) : _mm256_setzero_ps();
  }
  for (int i = 0; i < depth; ++i) {
    const __m256 b0 = _mm256_loadu_ps(b);
    const __m256 b1 = _mm256_loadu_ps(b + kLanes);
    for (size_t r = 0; r < kRows; ++r) {
      const __m256 x = _mm256_broadcast_ss(a + r * a_stride + i);
      sums[r][0] = _mm256_fmadd_ps(x, b0, sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(x, b1, sums[r][1]);
    }
    b += b_stride;
  }
  for (size_t r = 0; r < kRows; ++r) {
    const size_t row = r;
    _mm256_storeu_ps(c + row * c_stride, sums[r][0]);
    _mm256_storeu_ps(c + row * c_stride + kLanes, sums[r][1]);
  }
}

// The same for any number of rows and any multiple of 16 columns.
void MultiplyRows(int rows, const float* a, size_t a_stride, const float* b, size_t b_stride,
                  int columns, int depth, float* c, size_t c_stride, bool add) {
  for (int r = 0; r < rows; r += 6) {
    const auto row = static_cast<size_t>(r);
    for (int column = 0; column < columns; column += 16) {
      const float* from = a + row * a_stride;
      float* to = c + row * c_stride + column;
      switch (rows - r) {
        case 1:
          Multiply16<1>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
        case 2:
          Multiply16<2>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
        case 3:
          Multiply16<3>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
        case 4:
          Multiply16<4>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
        case 5:
          Multiply16<5>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
        default:
          Multiply16<6>(from, a_stride, b + column, b_stride, depth, to, c_stride, add);
          break;
      }
    }
  }
}

NEURON_INLINE void Transpose8(const float* from, size_t stride, float* to, size_t to_stride) {
  __m256 rows[8];
  for (int i = 0; i < 8; ++i) rows[i] = _mm256_loadu_ps(from + static_cast<size_t>(i) * stride);
  __m256 pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  __m256 fours[8];
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + static_cast<size_t>(i) * to_stride,
                     _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    _mm256_storeu_ps(to + static_cast<size_t>(i + 4) * to_stride,
                     _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
}

}  // namespace

void avx2::Gather(const Attention& attention, float* keys, float* values, int width) {
  const int size = attention.head_size;
  const int padded = (attention.keys + 15) / 16 * 16;
  for (int j = 0; j < padded; j += kLanes) {
    float* to = keys + static_cast<size_t>(j / kKeyBlock * kKeyBlock) * static_cast<size_t>(size) +
                j % kKeyBlock;
    const float* from = attention.k + static_cast<size_t>(j) * attention.stride;
    int i = 0;
    if (j + kLanes <= attention.keys) {
      for (; i + kLanes <= size; i += kLanes) {
        Transpose8(from + i, attention.stride, to + i * kKeyBlock, kKeyBlock);
      }
    }
    for (; i < size; ++i) {
      for (int key = 0; key < kLanes; ++key) {
        to[i * kKeyBlock + key] =
            j + key < attention.keys
                ? from[static_cast<size_t>(key) * attention.stride + static_cast<size_t>(i)]
                : 0.0F;
      }
    }
  }
  for (int j = 0; j < attention.keys; ++j) {
    const float* from = attention.v + static_cast<size_t>(j) * attention.stride;
    float* to = values + static_cast<size_t>(j) * static_cast<size_t>(width);
    int i = 0;
    for (; i + kLanes <= size; i += kLanes) _mm256_storeu_ps(to + i, _mm256_loadu_ps(from + i));
    for (; i < width; ++i) to[i] = i < size ? from[i] : 0.0F;
  }
}

namespace {

// Turns a row's scores of one block of keys into weights relative to the
// largest score so far. If that score grows, the row's sums so far are scaled down to match.
NEURON_INLINE void Weigh(float* scores, int keys, float* largest, float* total, float* sums,
                         int width) {
  int padded = keys;
  for (; padded % kLanes != 0; ++padded) scores[padded] = -__builtin_inff();
  __m256 high = _mm256_loadu_ps(scores);
  for (int i = kLanes; i < padded; i += kLanes)
    high = _mm256_max_ps(high, _mm256_loadu_ps(scores + i));
  const float before = *largest;
  const float top = MaxOf(high);
  if (top > before) {
    *largest = top;
    if (*total > 0) {
      const __m256 shrink = Exp2(_mm256_set1_ps(before - top));
      *total *= _mm256_cvtss_f32(shrink);
      for (int i = 0; i < width; i += kLanes) {
        _mm256_storeu_ps(sums + i, _mm256_mul_ps(shrink, _mm256_loadu_ps(sums + i)));
      }
    }
  }
  const __m256 base = _mm256_set1_ps(*largest);
  __m256 sum = _mm256_setzero_ps();
  for (int i = 0; i < padded; i += kLanes) {
    const __m256 weight = Exp2(_mm256_sub_ps(_mm256_loadu_ps(scores + i), base));
    sum = _mm256_add_ps(sum, weight);
    _mm256_storeu_ps(scores + i, weight);
  }
  *total += SumOf(sum);
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
  avx2::Gather(attention, keys, values, width);
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
      const __m256 factor = _mm256_set1_ps(inverse);
      int i = 0;
      for (; i + kLanes <= size; i += kLanes) {
        _mm256_storeu_ps(out + i, _mm256_mul_ps(factor, _mm256_loadu_ps(sum + i)));
      }
      for (; i < size; ++i) out[i] = sum[i] * inverse;
    }
  }
}

}  // namespace

const Kernel kAvx2Kernel = {"avx2",          Multiply, avx2::QuantizeInt8, avx2::QuantizeInt16,
                            avx2::Normalize, Attend};

}  // namespace neuron_embed::encoder
