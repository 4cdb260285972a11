// A tensor of libnrt that this project owns: a range of bytes on a NeuronCore, or in the memory
// that the placement names.

#ifndef NEURON_EMBED_CORE_DEVICE_TENSOR_H_
#define NEURON_EMBED_CORE_DEVICE_TENSOR_H_

#include <memory>
#include <string>

#include "core/runtime.h"

namespace neuron_embed {

// Move-only. The runtime must outlive it. One thread at a time uses a tensor.
class DeviceTensor {
 public:
  // `size` bytes of unspecified content on `core` (HOST placement ignores `core`). `name` appears
  // in the library's log and in error messages.
  static DeviceTensor Allocate(const Runtime& runtime, nrt::nrt_tensor_placement_t placement,
                               int core, size_t size, const std::string& name);
  // A view of `size` bytes at `offset` of `source`; either may be freed first.
  static DeviceTensor Slice(const DeviceTensor& source, size_t offset, size_t size,
                            const std::string& name);
  // A tensor whose storage is the caller's `buffer`, which must outlive it.
  static DeviceTensor Attach(const Runtime& runtime, int core, void* buffer, size_t size,
                             const std::string& name);

  nrt::nrt_tensor_t* get() const { return tensor_.get(); }
  size_t size() const { return size_; }
  const std::string& name() const { return name_; }

  // Copy `size` bytes from or to host memory. They check the range, because libnrt may abort the
  // process if it is out of bounds, and throw Error(kArgument) for such a range. They throw
  // NrtError if the library fails.
  void Write(const void* data, size_t offset, size_t size);
  void Read(void* data, size_t offset, size_t size) const;

 private:
  struct Free {
    const Runtime* runtime;
    void operator()(nrt::nrt_tensor_t* tensor) const noexcept;
  };

  using Owned = std::unique_ptr<nrt::nrt_tensor_t, Free>;

  // Takes over the tensor that `operation` returned. Throws if the status is a failure.
  static Owned Take(const Runtime& runtime, const char* operation, int core,
                    const std::string& detail, nrt::NRT_STATUS status, nrt::nrt_tensor_t* tensor);
  DeviceTensor(Owned tensor, const Runtime& runtime, int core, size_t size,
               const std::string& name);
  void RequireRange(const char* operation, size_t offset, size_t size) const;

  Owned tensor_;
  const Runtime* runtime_;
  int core_;
  size_t size_;
  std::string name_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_DEVICE_TENSOR_H_
