// Turns a weights file into a prepared file.

#ifndef NEURON_EMBED_ENCODER_PREPARE_H_
#define NEURON_EMBED_ENCODER_PREPARE_H_

#include <cstddef>
#include <cstdint>

#include "encoder/arena.h"
#include "encoder/kernel.h"
#include "encoder/prepared_file.h"
#include "encoder/session.h"
#include "encoder/weights_file.h"

namespace neuron_embed::encoder {

// A prepared file in memory.
class PreparedBuffer {
 public:
  // Packs in int16, or in int8 if there are statistics of a calibration.
  explicit PreparedBuffer(const BertWeights& weights,
                          const ChannelStatistics* statistics = nullptr);

  const uint8_t* data() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  Arena arena_;
  uint8_t* bytes_;
  size_t size_;
};

// Packs at `precision`; int8 runs the calibration texts through the int16 encoder first. Throws
// EncoderError(kArgument).
void Prepare(const BertWeights& weights, Precision precision, const Kernel& kernel,
             const TokenRows& calibration, const char* target);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_PREPARE_H_
