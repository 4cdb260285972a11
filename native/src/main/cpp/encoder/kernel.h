// The interface of a kernel, which computes on activations for one processor
// family. All of its functions are thread-safe, allocate nothing, and read and
// write only the memory that their arguments describe.

#ifndef NEURON_EMBED_ENCODER_KERNEL_H_
#define NEURON_EMBED_ENCODER_KERNEL_H_

#include <cstddef>
#include <cstdint>

#include "encoder/packed_matrix.h"

namespace neuron_embed::encoder {

// Rows of quantized activations: uint8_t for Element::kInt8, int16_t for
// kInt16.
struct QuantizedRows {
  void* values;         // rows of `stride` elements
  size_t stride;        // at least padded_k
  float* scales;        // rows of `block_stride`
  int32_t* zeros;       // rows of `block_stride`; not used for int16
  size_t block_stride;  // at least the number of blocks
};

enum class Epilogue {
  kStore,  // out = y
  kGelu,   // out = gelu(y), by erf
  kAdd,    // out += y
};

// The product of `rows` rows with the panels [first_panel, last_panel) of a matrix.
struct Product {
  const PackedMatrix* matrix;
  QuantizedRows input;
  int rows;
  int first_panel;
  int last_panel;
  Epilogue epilogue;
  float* out;         // column 0 of first_panel; rows of out_stride
  size_t out_stride;  // at least the number of columns of the panels
};

// Quantizes one block of one row: the values x[i] * inverse_smooth[i] + shift[i] for i in
// [0, length), each computed by a fused multiply-add.
struct QuantizeBlock {
  const float* x;
  const float* inverse_smooth;
  const float* shift;
  int length;  // a multiple of kStep, at most the length of a block
  void* out;
  float* scale;
  int32_t* zero;  // int8 only
};

// One head of one text: out = softmax2(q k^T) v. softmax2 is the softmax with powers of 2 instead
// of powers of e.
struct Attention {
  const float* q;  // [queries, head_size], rows of q_stride
  size_t q_stride;
  int queries;
  const float* k;  // [keys, head_size], rows of stride
  const float* v;  // laid out as k
  size_t stride;
  int keys;
  int head_size;
  float* out;      // [queries, head_size], rows of q_stride; may be q
  float* scratch;  // AttentionScratch() floats, 64-byte aligned
};

struct Kernel {
  const char* name;
  void (*multiply)(const Product& product);
  void (*quantize_int8)(const QuantizeBlock& block);
  void (*quantize_int16)(const QuantizeBlock& block);
  // x = (x - mean) / sqrt(variance + epsilon) * scale + bias over `size`
  // values.
  void (*normalize)(float* x, int size, const float* scale, const float* bias, float epsilon);
  void (*attend)(const Attention& attention);
};

// Sizes of attention's scratch memory.
constexpr int kKeyBlock = 64;
constexpr int kQueryBlock = 24;
constexpr size_t AttentionScratch(int keys, int head_size) {
  const auto padded_keys = static_cast<size_t>(RoundUp(keys, kKeyBlock));
  const auto padded_size = static_cast<size_t>(RoundUp(head_size, kPanel));
  // Keys and values of the head; then scores, outputs, largest scores and sums
  // of a query block.
  return 2 * padded_keys * padded_size + kQueryBlock * (kKeyBlock + padded_size + 2);
}

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_KERNEL_H_
