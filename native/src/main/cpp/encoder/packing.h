// Quantizes weights and packs them.

#ifndef NEURON_EMBED_ENCODER_PACKING_H_
#define NEURON_EMBED_ENCODER_PACKING_H_

#include "encoder/packed_matrix.h"

namespace neuron_embed::encoder {

// The destination of a packed matrix: the same as PackedMatrix, but writable.
struct PackedTarget {
  PackedShape shape;
  void* values;
  float* scales;
  int32_t* negated_sums;
  float* bias;
};

// Packs `weights`, a row-major matrix [k, n] of the target's shape. Each row is multiplied by its
// element of `smooth` ([k]; null: ones) and by `factor`. `bias` is multiplied by `factor`. `means`
// ([k]; null: zeros) are the means of the input: the bias corrects what the rounding of the weights
// adds to the product with them.
void Pack(const float* weights, const float* bias, const float* smooth, const float* means,
          float factor, const PackedTarget& target);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PACKING_H_
