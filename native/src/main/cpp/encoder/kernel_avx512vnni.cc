// The kernel for processors with AVX-512 and its VNNI. It computes products and attention in
// vectors of 16 floats; the rest is that of AVX2. This file has its own compiler flags. So the only
// inline functions of headers that it may call are intrinsics and functions that are always
// inlined.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "encoder/approximations.h"
#include "encoder/kernel_avx2.h"
#include "encoder/kernels.h"

namespace neuron_embed::encoder {
namespace {

#define NEURON_INLINE inline __attribute__((always_inline))

constexpr size_t kLanes = 16;
static_assert(kLanes == kPanel);

// ---------------------------------------------------------------- functions

// The same fit as on AVX2, evaluated in the same order.
NEURON_INLINE __m512 Gelu(__m512 x) {
  const __m512 limit = _mm512_set1_ps(5.0F);
  const __m512 near =
      _mm512_max_ps(_mm512_min_ps(x, limit), _mm512_sub_ps(_mm512_setzero_ps(), limit));
  const __m512 u =
      _mm512_fmsub_ps(_mm512_mul_ps(near, near), _mm512_set1_ps(0.08F), _mm512_set1_ps(1.0F));
  __m512 sum = _mm512_set1_ps(kGeluFit[0]);
  for (int i = 1; i < 13; ++i) sum = _mm512_fmadd_ps(sum, u, _mm512_set1_ps(kGeluFit[i]));
  return _mm512_mul_ps(_mm512_max_ps(x, near), _mm512_fmadd_ps(near, sum, _mm512_set1_ps(0.5F)));
}

NEURON_INLINE __m512 Exp2(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-126.0F));
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 part = _mm512_sub_ps(x, whole);
  __m512 sum = _mm512_set1_ps(kExp2Fit[0]);
  for (int i = 1; i < 6; ++i) sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(kExp2Fit[i]));
  const __m512i exponent = _mm512_slli_epi32(_mm512_cvtps_epi32(whole), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(sum), exponent));
}

NEURON_INLINE __m256 UpperHalf(__m512 v) {
  return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(v), 1));
}

NEURON_INLINE float SumOf(__m512 v) {
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), UpperHalf(v));
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

NEURON_INLINE float MaxOf(__m512 v) {
  const __m256 half = _mm256_max_ps(_mm512_castps512_ps256(v), UpperHalf(v));
  __m128 high = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  high = _mm_max_ps(high, _mm_movehl_ps(high, high));
  return _mm_cvtss_f32(_mm_max_ss(high, _mm_movehdup_ps(high)));
}

// ---------------------------------------------------------------- products

// Four bytes of a row in every lane.
NEURON_INLINE __m512i Broadcast(const uint8_t* row) {
  int32_t four;
  __builtin_memcpy(&four, row, sizeof(four));
  return _mm512_set1_epi32(four);
}

// sum += the products of successive k of a row (4 in the first function, 2 in the second) with a
// panel. The sums are int32 from the start, so nothing saturates. This is in assembly because
// GCC 12 copies every sum before and after the instruction.
NEURON_INLINE void AddInt8(__m512i& sum, __m512i row, __m512i weights) {
#if defined(NEURON_EMBED_EMULATED_AVX512)
  sum = _mm512_dpbusd_epi32(sum, row, weights);
#else
  asm("vpdpbusd %[weights], %[row], %[sum]"
      : [sum] "+v"(sum)
      : [row] "v"(row), [weights] "v"(weights));
#endif
}

NEURON_INLINE void AddInt16(__m512i& sum, __m512i row, __m512i weights) {
#if defined(NEURON_EMBED_EMULATED_AVX512)
  sum = _mm512_dpwssd_epi32(sum, row, weights);
#else
  asm("vpdpwssd %[weights], %[row], %[sum]"
      : [sum] "+v"(sum)
      : [row] "v"(row), [weights] "v"(weights));
#endif
}

// The number of rows of a tile. The registers can hold the sums of so many rows for two panels, and
// these are enough sums to hide the latency of a product.
constexpr size_t kTile = 8;

// A range of successive k within one block, of some rows and of kPanels panels.
struct Block {
  const uint8_t* a;  // of the first row
  size_t stride;     // bytes between rows
  const uint8_t* w;
  size_t panel_bytes;
  size_t groups;            // of 4 bytes of a row: 4 k in int8, 2 in int16
  const int32_t* zeros;     // of the first row
  const float* row_scales;  // of the first row
  size_t block_stride;
  const int32_t* negated_sums;
  const float* scales;
  size_t panel_scales;  // scales between panels
};

// partial[row][kPanels][column of the panel] += the products of a tile. Then moves to the rows
// after the tile. The operations are the same as in the portable kernel.
template <bool kInt8, size_t kRows, size_t kPanels>
NEURON_INLINE void AddTile(Block& block, float*& partial) {
  __m512i sums[kRows][kPanels];
  for (size_t panel = 0; panel < kPanels; ++panel) {
    if constexpr (kInt8) {
      const __m512i negated = _mm512_loadu_si512(block.negated_sums + panel * block.panel_scales);
      for (size_t r = 0; r < kRows; ++r) {
        sums[r][panel] =
            _mm512_mullo_epi32(_mm512_set1_epi32(block.zeros[r * block.block_stride]), negated);
      }
    } else {
      for (size_t r = 0; r < kRows; ++r) sums[r][panel] = _mm512_setzero_si512();
    }
  }
  const uint8_t* a = block.a;
  const uint8_t* w = block.w;
  for (size_t i = 0; i < block.groups; ++i) {
    __m512i weights[kPanels];
    for (size_t panel = 0; panel < kPanels; ++panel) {
      weights[panel] = _mm512_loadu_si512(w + panel * block.panel_bytes);
    }
    for (size_t r = 0; r < kRows; ++r) {
      const __m512i x = Broadcast(a + r * block.stride);
      for (size_t panel = 0; panel < kPanels; ++panel) {
        if constexpr (kInt8) {
          AddInt8(sums[r][panel], x, weights[panel]);
        } else {
          AddInt16(sums[r][panel], x, weights[panel]);
        }
      }
    }
    a += 4;
    w += 4 * kPanel;
  }
  for (size_t panel = 0; panel < kPanels; ++panel) {
    const __m512 scale = _mm512_loadu_ps(block.scales + panel * block.panel_scales);
    for (size_t r = 0; r < kRows; ++r) {
      const __m512 row_scale = _mm512_set1_ps(block.row_scales[r * block.block_stride]);
      float* to = partial + (r * kPanels + panel) * kPanel;
      _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][panel]),
                                           _mm512_mul_ps(scale, row_scale), _mm512_loadu_ps(to)));
    }
  }
  block.a += kRows * block.stride;
  block.zeros += kRows * block.block_stride;
  block.row_scales += kRows * block.block_stride;
  partial += kRows * kPanels * kPanel;
}

template <bool kInt8, size_t kPanels>
void AddRows(Block block, size_t rows, float* partial) {
  for (; rows >= kTile; rows -= kTile) AddTile<kInt8, kTile, kPanels>(block, partial);
  if ((rows & 4) != 0) AddTile<kInt8, 4, kPanels>(block, partial);
  if ((rows & 2) != 0) AddTile<kInt8, 2, kPanels>(block, partial);
  if ((rows & 1) != 0) AddTile<kInt8, 1, kPanels>(block, partial);
}

template <Epilogue kEpilogue>
NEURON_INLINE void Finish(const float* partial, size_t rows, size_t columns, float* out,
                          size_t out_stride) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t column = 0; column < columns; column += kLanes) {
      __m512 y = _mm512_loadu_ps(partial + r * columns + column);
      float* to = out + r * out_stride + column;
      if constexpr (kEpilogue == Epilogue::kGelu) y = Gelu(y);
      if constexpr (kEpilogue == Epilogue::kAdd) y = _mm512_add_ps(_mm512_loadu_ps(to), y);
      _mm512_storeu_ps(to, y);
    }
  }
}

// A product handles at most kChunk rows at once, so its partial results stay in the level 1 cache.
constexpr size_t kChunk = 64;

template <bool kInt8, size_t kPanels>
void MultiplyPanels(const Product& product, size_t row, size_t rows, size_t panel) {
  constexpr size_t kBytes = kInt8 ? 1 : 2;
  constexpr size_t kLength = kInt8 ? kInt8Block : kInt16Block;
  alignas(64) float partial[kChunk * kPanels * kPanel];
  const PackedMatrix& matrix = *product.matrix;
  const QuantizedRows& input = product.input;
  const size_t padded_k = static_cast<size_t>((matrix.shape.k + kStep - 1) / kStep) * kStep;
  const size_t blocks = (padded_k + kLength - 1) / kLength;
  for (size_t i = 0; i < kPanels; ++i) {
    const __m512 bias = _mm512_loadu_ps(matrix.bias + (panel + i) * kPanel);
    for (size_t r = 0; r < rows; ++r) {
      _mm512_storeu_ps(partial + (r * kPanels + i) * kPanel, bias);
    }
  }
  for (size_t index = 0; index < blocks; ++index) {
    const size_t begin = index * kLength;
    const size_t scales = (panel * blocks + index) * kPanel;
    const size_t at = row * input.block_stride + index;
    Block block{};
    block.stride = input.stride * kBytes;
    block.a = static_cast<const uint8_t*>(input.values) + row * block.stride + begin * kBytes;
    block.panel_bytes = padded_k * kPanel * kBytes;
    block.w = static_cast<const uint8_t*>(matrix.values) + panel * block.panel_bytes +
              begin * kPanel * kBytes;
    block.groups = (padded_k - begin < kLength ? padded_k - begin : kLength) * kBytes / 4;
    block.zeros = input.zeros + at;
    block.row_scales = input.scales + at;
    block.block_stride = input.block_stride;
    block.negated_sums = matrix.negated_sums + scales;
    block.scales = matrix.scales + scales;
    block.panel_scales = blocks * kPanel;
    AddRows<kInt8, kPanels>(block, rows, partial);
  }
  float* out = product.out + row * product.out_stride +
               (panel - static_cast<size_t>(product.first_panel)) * kPanel;
  switch (product.epilogue) {
    case Epilogue::kStore:
      Finish<Epilogue::kStore>(partial, rows, kPanels * kPanel, out, product.out_stride);
      break;
    case Epilogue::kGelu:
      Finish<Epilogue::kGelu>(partial, rows, kPanels * kPanel, out, product.out_stride);
      break;
    case Epilogue::kAdd:
      Finish<Epilogue::kAdd>(partial, rows, kPanels * kPanel, out, product.out_stride);
      break;
  }
}

template <bool kInt8>
void MultiplyChunk(const Product& product, size_t row, size_t rows) {
  auto panel = static_cast<size_t>(product.first_panel);
  const auto last = static_cast<size_t>(product.last_panel);
  for (; panel + 2 <= last; panel += 2) MultiplyPanels<kInt8, 2>(product, row, rows, panel);
  if (panel < last) MultiplyPanels<kInt8, 1>(product, row, rows, panel);
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

// ---------------------------------------------------------------- attention

// c[kRows, 16] = (or +=) a[kRows, depth] b[depth, 16].
template <size_t kRows>
NEURON_INLINE void Multiply16(const float* a, size_t a_stride, const float* b, size_t b_stride,
                              size_t depth, float* c, size_t c_stride, bool add) {
  __m512 sums[kRows];
  for (size_t r = 0; r < kRows; ++r) {
    sums[r] = add ? _mm512_loadu_ps(c + r * c_stride) : _mm512_setzero_ps();
  }
  for (size_t i = 0; i < depth; ++i) {
    const __m512 row = _mm512_loadu_ps(b + i * b_stride);
    for (size_t r = 0; r < kRows; ++r) {
      sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(a[r * a_stride + i]), row, sums[r]);
    }
  }
  for (size_t r = 0; r < kRows; ++r) _mm512_storeu_ps(c + r * c_stride, sums[r]);
}

// The same for any number of rows and any multiple of 16 columns.
void MultiplyRows(size_t rows, const float* a, size_t a_stride, const float* b, size_t b_stride,
                  size_t columns, size_t depth, float* c, size_t c_stride, bool add) {
  for (size_t column = 0; column < columns; column += kLanes) {
    const float* from = a;
    float* to = c + column;
    const float* by = b + column;
    size_t left = rows;
    const auto next = [&](size_t done) __attribute__((always_inline)) {
      from += done * a_stride;
      to += done * c_stride;
      left -= done;
    };
    while (left >= 12) {
      Multiply16<12>(from, a_stride, by, b_stride, depth, to, c_stride, add);
      next(12);
    }
    if (left >= 8) {
      Multiply16<8>(from, a_stride, by, b_stride, depth, to, c_stride, add);
      next(8);
    }
    if (left >= 4) {
      Multiply16<4>(from, a_stride, by, b_stride, depth, to, c_stride, add);
      next(4);
    }
    while (left > 0) {
      Multiply16<1>(from, a_stride, by, b_stride, depth, to, c_stride, add);
      next(1);
    }
  }
}

// As on AVX2: turns a row's scores of one block of keys into weights relative to the largest score
// so far. If that score grows, the row's sums so far are scaled down to match.
NEURON_INLINE void Weigh(float* scores, size_t keys, float* largest, float* total, float* sums,
                         size_t width) {
  size_t padded = keys;
  for (; padded % kLanes != 0; ++padded) scores[padded] = -__builtin_inff();
  __m512 high = _mm512_loadu_ps(scores);
  for (size_t i = kLanes; i < padded; i += kLanes) {
    high = _mm512_max_ps(high, _mm512_loadu_ps(scores + i));
  }
  const float before = *largest;
  const float top = MaxOf(high);
  if (top > before) {
    *largest = top;
    if (*total > 0) {
      const __m512 shrink = Exp2(_mm512_set1_ps(before - top));
      *total *= _mm_cvtss_f32(_mm256_castps256_ps128(_mm512_castps512_ps256(shrink)));
      for (size_t i = 0; i < width; i += kLanes) {
        _mm512_storeu_ps(sums + i, _mm512_mul_ps(shrink, _mm512_loadu_ps(sums + i)));
      }
    }
  }
  const __m512 base = _mm512_set1_ps(*largest);
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0; i < padded; i += kLanes) {
    const __m512 weight = Exp2(_mm512_sub_ps(_mm512_loadu_ps(scores + i), base));
    sum = _mm512_add_ps(sum, weight);
    _mm512_storeu_ps(scores + i, weight);
  }
  *total += SumOf(sum);
}

NEURON_INLINE size_t UpTo16(size_t count) { return (count + 15) / 16 * 16; }

void Attend(const Attention& attention) {
  const auto size = static_cast<size_t>(attention.head_size);
  const auto all_keys = static_cast<size_t>(attention.keys);
  const auto queries = static_cast<size_t>(attention.queries);
  const size_t width = UpTo16(size);
  const size_t padded_keys = (all_keys + kKeyBlock - 1) / kKeyBlock * kKeyBlock;
  float* keys = attention.scratch;
  float* values = keys + padded_keys * width;
  float* scores = values + padded_keys * width;
  float* sums = scores + kQueryBlock * kKeyBlock;
  float* largest = sums + kQueryBlock * width;
  float* total = largest + kQueryBlock;
  avx2::Gather(attention, keys, values, static_cast<int>(width));
  for (size_t query = 0; query < queries; query += kQueryBlock) {
    const size_t rows = queries - query < kQueryBlock ? queries - query : kQueryBlock;
    const size_t at = query * attention.q_stride;
    for (size_t r = 0; r < rows; ++r) {
      largest[r] = -__builtin_inff();
      total[r] = 0;
    }
    for (size_t key = 0; key < all_keys; key += kKeyBlock) {
      const size_t count = all_keys - key < kKeyBlock ? all_keys - key : kKeyBlock;
      MultiplyRows(rows, attention.q + at, attention.q_stride, keys + key * size, kKeyBlock,
                   UpTo16(count), size, scores, kKeyBlock, false);
      for (size_t r = 0; r < rows; ++r) {
        Weigh(scores + r * kKeyBlock, count, largest + r, total + r, sums + r * width, width);
      }
      MultiplyRows(rows, scores, kKeyBlock, values + key * width, width, width, count, sums, width,
                   key > 0);
    }
    for (size_t r = 0; r < rows; ++r) {
      float* out = attention.out + at + r * attention.q_stride;
      const float* sum = sums + r * width;
      const float inverse = 1 / total[r];
      for (size_t i = 0; i < size; ++i) out[i] = sum[i] * inverse;
    }
  }
}

}  // namespace

const Kernel kAvx512VnniKernel = {"avx512vnni",        Multiply,        avx2::QuantizeInt8,
                                  avx2::QuantizeInt16, avx2::Normalize, Attend};

}  // namespace neuron_embed::encoder
