#include "core/output_binding.h"

#include "core/model.h"

namespace neuron_embed {

OutputBinding::OutputBinding(const Model& model, unsigned char* region)
    : model_(&model), region_(region), set_(model.runtime(), model.core()) {
  for (const TensorInfo& info : model.outputs()) {
    tensors_.push_back(DeviceTensor::Allocate(model.runtime(), nrt::NRT_TENSOR_PLACEMENT_DEVICE,
                                              model.core(), info.size, info.name));
    set_.Add(info.name, tensors_.back());
  }
}

void OutputBinding::Read() const {
  const std::vector<size_t>& offsets = model_->output_layout().offsets;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    tensors_[i].Read(region_ + offsets[i], 0, tensors_[i].size());
  }
}

}  // namespace neuron_embed
