#include "core/device_tensor.h"

#include "core/error.h"

namespace neuron_embed {
namespace {

std::string Detail(const std::string& name, size_t size) {
  return name + ", " + std::to_string(size) + " B";
}

}  // namespace

void DeviceTensor::Free::operator()(nrt::nrt_tensor_t* tensor) const noexcept {
  std::lock_guard<std::mutex> lock(runtime->lifecycle());
  runtime->api().nrt_tensor_free(&tensor);
  --live_objects.tensors;
}

DeviceTensor::Owned DeviceTensor::Take(const Runtime& runtime, const char* operation, int core,
                                       const std::string& detail, nrt::NRT_STATUS status,
                                       nrt::nrt_tensor_t* tensor) {
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, operation, core, detail);
  if (tensor == nullptr) {
    throw Error(ErrorKind::kInternal,
                std::string(operation) + " " + detail + ": success without a tensor");
  }
  ++live_objects.tensors;
  return Owned(tensor, Free{&runtime});
}

DeviceTensor::DeviceTensor(Owned tensor, const Runtime& runtime, int core, size_t size,
                           const std::string& name)
    : tensor_(std::move(tensor)), runtime_(&runtime), core_(core), size_(size), name_(name) {}

DeviceTensor DeviceTensor::Allocate(const Runtime& runtime, nrt::nrt_tensor_placement_t placement,
                                    int core, size_t size, const std::string& name) {
  const std::string detail = Detail(name, size);
  nrt::nrt_tensor_t* tensor = nullptr;
  nrt::NRT_STATUS status;
  {
    std::lock_guard<std::mutex> lock(runtime.lifecycle());
    const int vnc = placement == nrt::NRT_TENSOR_PLACEMENT_HOST ? -1 : core;
    status = runtime.api().nrt_tensor_allocate(placement, vnc, size, name.c_str(), &tensor);
  }
  Owned owned = Take(runtime, "nrt_tensor_allocate", core, detail, status, tensor);
  const size_t actual = runtime.api().nrt_tensor_get_size(owned.get());
  if (actual < size) {
    throw Error(ErrorKind::kInternal, "nrt_tensor_allocate " + detail + ": the tensor has " +
                                          std::to_string(actual) + " B");
  }
  return DeviceTensor(std::move(owned), runtime, core, size, name);
}

DeviceTensor DeviceTensor::Slice(const DeviceTensor& source, size_t offset, size_t size,
                                 const std::string& name) {
  const Runtime& runtime = *source.runtime_;
  if (runtime.api().nrt_tensor_allocate_slice == nullptr) {
    throw Error(ErrorKind::kUnavailable, "this Neuron runtime lacks nrt_tensor_allocate_slice");
  }
  source.RequireRange("nrt_tensor_allocate_slice", offset, size);
  const std::string detail = Detail(name, size);
  nrt::nrt_tensor_t* tensor = nullptr;
  nrt::NRT_STATUS status;
  {
    std::lock_guard<std::mutex> lock(runtime.lifecycle());
    status =
        runtime.api().nrt_tensor_allocate_slice(source.get(), offset, size, name.c_str(), &tensor);
  }
  return DeviceTensor(
      Take(runtime, "nrt_tensor_allocate_slice", source.core_, detail, status, tensor), runtime,
      source.core_, size, name);
}

DeviceTensor DeviceTensor::Attach(const Runtime& runtime, int core, void* buffer, size_t size,
                                  const std::string& name) {
  const nrt::NrtApi& api = runtime.api();
  if (api.nrt_tensor_allocate_empty == nullptr || api.nrt_tensor_attach_buffer == nullptr) {
    throw Error(ErrorKind::kUnavailable,
                "this Neuron runtime lacks nrt_tensor_allocate_empty or nrt_tensor_attach_buffer");
  }
  const std::string detail = Detail(name, size);
  nrt::nrt_tensor_t* tensor = nullptr;
  nrt::NRT_STATUS status;
  {
    std::lock_guard<std::mutex> lock(runtime.lifecycle());
    status = api.nrt_tensor_allocate_empty(name.c_str(), &tensor);
  }
  Owned owned = Take(runtime, "nrt_tensor_allocate_empty", core, detail, status, tensor);
  {
    std::lock_guard<std::mutex> lock(runtime.lifecycle());
    status = api.nrt_tensor_attach_buffer(owned.get(), buffer, size);
  }
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_tensor_attach_buffer", core, detail);
  }
  return DeviceTensor(std::move(owned), runtime, core, size, name);
}

void DeviceTensor::RequireRange(const char* operation, size_t offset, size_t size) const {
  if (offset > size_ || size > size_ - offset) {
    throw Error(ErrorKind::kArgument, std::string(operation) + " " + name_ + ", core " +
                                          std::to_string(core_) + ": " + std::to_string(size) +
                                          " B at " + std::to_string(offset) + ", tensor has " +
                                          std::to_string(size_) + " B");
  }
}

void DeviceTensor::Write(const void* data, size_t offset, size_t size) {
  RequireRange("nrt_tensor_write", offset, size);
  const nrt::NRT_STATUS status =
      runtime_->api().nrt_tensor_write(tensor_.get(), data, offset, size);
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_tensor_write", core_, Detail(name_, size));
  }
}

void DeviceTensor::Read(void* data, size_t offset, size_t size) const {
  RequireRange("nrt_tensor_read", offset, size);
  const nrt::NRT_STATUS status = runtime_->api().nrt_tensor_read(tensor_.get(), data, offset, size);
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_tensor_read", core_, Detail(name_, size));
  }
}

}  // namespace neuron_embed
