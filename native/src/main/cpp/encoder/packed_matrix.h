// The layout of packed weights. Every kernel reads this one layout.
//
// W [k, n] is cut into panels of kPanel columns. A panel is cut into groups of
// successive k: 4 for int8, 2 for int16. A group holds the values of its k side
// by side for column 0, then for column 1, and so on. A group has 64 bytes:
// two vectors of AVX2, one vector of AVX-512, or a row of an AMX tile. Groups
// follow each other along k and panels along n, so a kernel reads one
// sequential stream. k is padded with zeros to a multiple of kStep, n to a
// multiple of kPanel.
//
// k is divided into blocks of kInt8Block or kInt16Block (the last may be shorter). Each block of
// each column has its own scale, and so has each block of each row of the
// activations. In int8 a row's block also has a zero point z. Its part of the product,
// z * sum(w), is known in advance: the integer sum starts from z * `negated_sums`. So
//
//   y[r, c] = bias[c] + sum over blocks of
//             float(sum(a[r, i] * w[i, c]) + z[r, block] * negated_sums[block,
//             c])
//             * (scales[block, c] * row_scale[r, block])
//
// where the inner sum is exact in int32. The outer sum adds block after block by fused
// multiply-adds. So every kernel computes the same bits.
//
// int8: activations are 0 to kInt8Limit. Each 8 successive k that begin at a multiple of 8 form the
// sets {0, 1, 4, 5} and {2, 3, 6, 7}. In each set the positive weights sum to at most kSetLimit,
// and the negative weights to at least -kSetLimit. The product of the two limits fits into int16.
// So neither `vpmaddubsw` of AVX2 nor the sum of two of its results can saturate. A smaller
// kInt8Limit makes the activations less precise and the weights more precise. Of the values
// measured on BERT models, 176 gives vectors with the smallest error.
//
// int16: activations are at most kInt16Limit, and the weights of a column's block are so small that
// the sum cannot overflow.

#ifndef NEURON_EMBED_ENCODER_PACKED_MATRIX_H_
#define NEURON_EMBED_ENCODER_PACKED_MATRIX_H_

#include <cstddef>
#include <cstdint>

namespace neuron_embed::encoder {

constexpr int kPanel = 16;
constexpr int kStep = 8;
constexpr int kInt8Block = 64;
constexpr int kInt16Block = 128;
constexpr int kLongestBlock = 128;
constexpr int kInt8Limit = 176;
constexpr int kSetLimit = 186;
static_assert(kInt8Limit * kSetLimit <= 32767);
constexpr int kInt16Limit = 16383;

constexpr int RoundUp(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

enum class Element : int32_t { kInt16 = 0, kInt8 = 1 };

constexpr int BytesOf(Element element) { return element == Element::kInt8 ? 1 : 2; }
constexpr int BlockOf(Element element) {
  return element == Element::kInt8 ? kInt8Block : kInt16Block;
}

// The sizes of a packed matrix, and the position of an element.
struct PackedShape {
  Element element;
  int k;
  int n;

  int padded_k() const { return RoundUp(k, kStep); }
  int padded_n() const { return RoundUp(n, kPanel); }
  int panels() const { return padded_n() / kPanel; }
  int blocks() const { return (padded_k() + BlockOf(element) - 1) / BlockOf(element); }
  int block_begin(int block) const { return block * BlockOf(element); }
  int block_length(int block) const {
    const int rest = padded_k() - block_begin(block);
    return rest < BlockOf(element) ? rest : BlockOf(element);
  }
  int group() const { return element == Element::kInt8 ? 4 : 2; }
  size_t panel_bytes() const {
    return static_cast<size_t>(padded_k()) * kPanel * static_cast<size_t>(BytesOf(element));
  }
  size_t bytes() const { return panel_bytes() * static_cast<size_t>(panels()); }
  // The number of all scales, and of all sums, in the order [panel][block][column of the panel].
  size_t scale_count() const {
    return static_cast<size_t>(panels()) * static_cast<size_t>(blocks()) * kPanel;
  }
  // The position of the element of row i and column c, counted in elements.
  size_t index(int i, int c) const {
    const int panel = c / kPanel;
    const int inside = (i / group() * kPanel + c % kPanel) * group() + i % group();
    return static_cast<size_t>(panel) * static_cast<size_t>(padded_k()) * kPanel +
           static_cast<size_t>(inside);
  }
  size_t scale_index(int block, int c) const {
    return static_cast<size_t>((c / kPanel * blocks() + block) * kPanel + c % kPanel);
  }
};

struct PackedMatrix {
  PackedShape shape;
  const void* values;           // int8_t or int16_t
  const float* scales;          // shape.scale_count()
  const int32_t* negated_sums;  // shape.scale_count()
  const float* bias;            // [padded_n]
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PACKED_MATRIX_H_
