// A named set of tensors. libnrt takes inputs and outputs in this form.

#ifndef NEURON_EMBED_CORE_TENSOR_SET_H_
#define NEURON_EMBED_CORE_TENSOR_SET_H_

#include <memory>
#include <string>

#include "core/device_tensor.h"

namespace neuron_embed {

// Move-only. It does not own its tensors: they and the runtime must outlive it. It is built once,
// then one thread at a time may use it, for any number of executions.
class TensorSet {
 public:
  // Throws NrtError if the library fails. `core` is for messages.
  TensorSet(const Runtime& runtime, int core);

  // `name` must be exactly the model's name for the tensor. Throws NrtError if the library fails.
  void Add(const std::string& name, const DeviceTensor& tensor);

  nrt::nrt_tensor_set_t* get() const { return set_.get(); }

 private:
  struct Destroy {
    const Runtime* runtime;
    void operator()(nrt::nrt_tensor_set_t* set) const noexcept;
  };

  const Runtime* runtime_;
  int core_;
  std::unique_ptr<nrt::nrt_tensor_set_t, Destroy> set_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_TENSOR_SET_H_
