// Quantizes weights and packs them.

#ifndef NEURON_EMBED_ENCODER_PACKING_H_
#define NEURON_EMBED_ENCODER_PACKING_H_

#include "encoder/packed_matrix.h"

namespace neuron_embed::encoder {

// Where a packed matrix is written: as PackedMatrix, but writable.
struct PackedTarget {
  PackedShape shape;
  void* values;
  float* scales;
  int32_t* negated_sums;
  float* bias;
};

// Packs `weights`, row-major [k, n] of the target's shape, times `smooth` ([k]; null: ones) for
// each row and times `factor`; `bias` times `factor`. `means` ([k]; null: zeros) are the input's
// means: what the rounding of weights adds to their product goes into the bias.
void Pack(const float* weights, const float* bias, const float* smooth, const float* means,
          float factor, const PackedTarget& target);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PACKING_H_
