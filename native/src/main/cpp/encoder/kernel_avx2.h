// Functions of the AVX2 kernel that a kernel for wider vectors uses unchanged.

#ifndef NEURON_EMBED_ENCODER_KERNEL_AVX2_H_
#define NEURON_EMBED_ENCODER_KERNEL_AVX2_H_

#include "encoder/kernel.h"

namespace neuron_embed::encoder::avx2 {

void QuantizeInt8(const QuantizeBlock& block);
void QuantizeInt16(const QuantizeBlock& block);
void Normalize(float* x, int size, const float* scale, const float* bias, float epsilon);

// Lays a head's keys and values out for attention. keys: [head_size, kKeyBlock] for each block of
// kKeyBlock keys. values: [key, width], where width is a multiple of 16. Keys and columns are
// padded with zeros to the next multiple of 16.
void Gather(const Attention& attention, float* keys, float* values, int width);

}  // namespace neuron_embed::encoder::avx2

#endif  // NEURON_EMBED_ENCODER_KERNEL_AVX2_H_
