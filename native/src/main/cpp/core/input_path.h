// The ways to move the inputs from a slot's host region to the model.

#ifndef NEURON_EMBED_CORE_INPUT_PATH_H_
#define NEURON_EMBED_CORE_INPUT_PATH_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/device_tensor.h"
#include "core/tensor_set.h"

namespace neuron_embed {

class Model;

// The order is part of the C interface (neuron_capi.h).
enum class InputPath : int32_t {
  kWriteBatch = 0,  // one nrt_tensor_write_batch call for all inputs; the default
  kWrite = 1,       // one nrt_tensor_write call per input; works everywhere
  kSlices = 2,      // inputs are slices of one tensor, filled by one nrt_tensor_write call
  kAttached = 3,    // inputs are attached to the region; libnrt copies them in nrt_execute
  kHost = 4,        // inputs are HOST tensors, one nrt_tensor_write call each
};
inline constexpr size_t kInputPathCount = 5;

// "write_batch", "write", "slices", "attached", "host".
const char* InputPathName(InputPath path) noexcept;

// The inputs of one model, bound to a host region by one path: the tensors, the set that
// nrt_execute takes, and the transfer from the region to them. Move-only. One thread at a time.
class InputBinding {
 public:
  // `region` is page-aligned, laid out by model.input_layout(), and must outlive this.
  // Throws Error(kUnavailable) if the runtime lacks what the path needs, NrtError if it refuses.
  InputBinding(const Model& model, InputPath path, unsigned char* region);

  InputPath path() const { return path_; }
  nrt::nrt_tensor_set_t* set() const { return set_.get(); }

  // Does the part of the transfer to the model that the path does before nrt_execute.
  // Allocates nothing unless it fails. Throws NrtError.
  void Write() const;

  // Fills `region` from the tensors. It has the layout of the binding's own region. For probes.
  void ReadBack(unsigned char* region) const;

 private:
  [[noreturn]] void Fail(nrt::NRT_STATUS status, const char* operation, const char* what,
                         size_t size) const;

  const Model* model_;
  InputPath path_;
  unsigned char* region_;
  std::vector<DeviceTensor> backing_;  // one for kSlices, else none
  std::vector<DeviceTensor> tensors_;
  std::vector<nrt::nrt_tensor_batch_op_t> ops_;   // for kWriteBatch
  std::vector<nrt::nrt_tensor_batch_t> batches_;  // for kWriteBatch; point into ops_
  TensorSet set_;
};

struct InputPathChoice {
  InputPath path;
  std::string reason;  // why `path` is not the requested one; empty if it is
};

// Finds out whether `requested` works with this model on this runtime, and what to use instead.
//   kWriteBatch  writes a pattern and reads it back.
//   kWrite       is assumed to work.
//   others       also execute the model twice, with different inputs, and compare its outputs
//                with those that kWrite gives for the same inputs.
// The probe's inputs are valid token ids, masks and types, as 32-bit or 64-bit integers.
// A path that fails is replaced by kWriteBatch, or by kWrite if kWriteBatch fails too. Throws
// NrtError if a status says that the core itself has failed.
InputPathChoice ProbeInputPath(const Model& model, InputPath requested);

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_INPUT_PATH_H_
