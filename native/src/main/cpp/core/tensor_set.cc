#include "core/tensor_set.h"

#include "core/error.h"

namespace neuron_embed {

void TensorSet::Destroy::operator()(nrt::nrt_tensor_set_t* set) const noexcept {
  std::lock_guard<std::mutex> lock(runtime->lifecycle());
  runtime->api().nrt_destroy_tensor_set(&set);
  --live_objects.tensor_sets;
}

TensorSet::TensorSet(const Runtime& runtime, int core)
    : runtime_(&runtime), core_(core), set_(nullptr, Destroy{&runtime}) {
  nrt::nrt_tensor_set_t* set = nullptr;
  nrt::NRT_STATUS status;
  {
    std::lock_guard<std::mutex> lock(runtime.lifecycle());
    status = runtime.api().nrt_allocate_tensor_set(&set);
  }
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_allocate_tensor_set", core, "");
  if (set == nullptr) {
    throw Error(ErrorKind::kInternal, "nrt_allocate_tensor_set: success without a set");
  }
  set_.reset(set);
  ++live_objects.tensor_sets;
}

void TensorSet::Add(const std::string& name, const DeviceTensor& tensor) {
  const nrt::NRT_STATUS status =
      runtime_->api().nrt_add_tensor_to_tensor_set(set_.get(), name.c_str(), tensor.get());
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_add_tensor_to_tensor_set", core_, name);
  }
}

}  // namespace neuron_embed
