// Functions of the AVX2 kernel that a kernel for wider vectors takes over as they are.

#ifndef NEURON_EMBED_ENCODER_KERNEL_AVX2_H_
#define NEURON_EMBED_ENCODER_KERNEL_AVX2_H_

#include "encoder/kernel.h"

namespace neuron_embed::encoder::avx2 {

void QuantizeInt8(const QuantizeBlock& block);
void QuantizeInt16(const QuantizeBlock& block);
void Normalize(float* x, int size, const float* scale, const float* bias, float epsilon);

// Lays a head's keys and values out for attention. keys: per block of kKeyBlock
// [head_size, kKeyBlock]; values: [key, width], width a multiple of 16. What is missing up to the
// next 16 keys, and the next 16 columns, is zero.
void Gather(const Attention& attention, float* keys, float* values, int width);

}  // namespace neuron_embed::encoder::avx2

#endif  // NEURON_EMBED_ENCODER_KERNEL_AVX2_H_
