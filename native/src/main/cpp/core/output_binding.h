// The outputs of one model, bound to a host region.

#ifndef NEURON_EMBED_CORE_OUTPUT_BINDING_H_
#define NEURON_EMBED_CORE_OUTPUT_BINDING_H_

#include <cstddef>
#include <limits>
#include <vector>

#include "core/device_tensor.h"
#include "core/tensor_set.h"

namespace neuron_embed {

class Model;

// The DEVICE tensors and the set that nrt_execute fills. Move-only. One thread at a time.
class OutputBinding {
 public:
  // `region` is page-aligned, laid out by model.output_layout(), and must outlive this.
  OutputBinding(const Model& model, unsigned char* region);

  nrt::nrt_tensor_set_t* set() const { return set_.get(); }

  // Fills the region with the first `limit` bytes of each tensor, or with all if it has fewer.
  // Allocates nothing unless it fails. Throws NrtError.
  void Read(size_t limit = std::numeric_limits<size_t>::max()) const;

 private:
  const Model* model_;
  unsigned char* region_;
  std::vector<DeviceTensor> tensors_;
  TensorSet set_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_OUTPUT_BINDING_H_
