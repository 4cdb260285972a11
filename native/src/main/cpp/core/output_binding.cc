#include "core/output_binding.h"

#include <algorithm>

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

void OutputBinding::Read(size_t limit) const {
  if (limit == 0) return;
  const std::vector<size_t>& offsets = model_->output_layout().offsets;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    tensors_[i].Read(region_ + offsets[i], 0, std::min(limit, tensors_[i].size()));
  }
}

}  // namespace neuron_embed
