// A mapped prepared model and the kernel that runs it.

#ifndef NEURON_EMBED_ENCODER_ENCODER_MODEL_H_
#define NEURON_EMBED_ENCODER_ENCODER_MODEL_H_

#include <cstddef>
#include <string>

#include "encoder/kernel.h"
#include "encoder/mapped_bytes.h"
#include "encoder/prepared_file.h"

namespace neuron_embed::encoder {

class EncoderModel {
 public:
  // Throws EncoderError: kFile, kPrepared, kUnavailable.
  EncoderModel(const std::string& path, const std::string& kernel);

  EncoderModel(const EncoderModel&) = delete;
  EncoderModel& operator=(const EncoderModel&) = delete;

  const PackedModel& packed() const { return packed_; }
  const Kernel& kernel() const { return kernel_; }
  size_t mapped_bytes() const { return file_.size(); }

 private:
  MappedBytes file_;
  PackedModel packed_;
  const Kernel& kernel_;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_ENCODER_MODEL_H_
