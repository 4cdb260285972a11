#include "encoder/encoder_model.h"

#include "encoder/kernels.h"

namespace neuron_embed::encoder {

EncoderModel::EncoderModel(const std::string& path, const std::string& kernel)
    : file_(path),
      packed_(ReadPrepared(path, file_.data(), file_.size())),
      kernel_(KernelNamed(kernel)) {}

}  // namespace neuron_embed::encoder
