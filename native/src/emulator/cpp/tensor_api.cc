// nrt.h: tensors.

#include <algorithm>
#include <cstring>

#include "clock.h"
#include "exports.h"
#include "log.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

TensorTable::Pin PinTensor(const char* call, const nrt::nrt_tensor_t* tensor, NRT_STATUS* status) {
  Runtime& runtime = Runtime::Get();
  *status = runtime.CheckState(call);
  if (*status != nrt::NRT_SUCCESS) return TensorTable::Pin();
  if (tensor == nullptr) {
    *status = NullArgument(call);
    return TensorTable::Pin();
  }
  HandleState state;
  TensorTable::Pin pin = runtime.tensors.Acquire(HandleOf(tensor), &state);
  if (!pin) *status = PinError(state, call, "tensor");
  return pin;
}

// Checks that [offset, offset + size) is inside the tensor.
NRT_STATUS CheckBounds(const char* call, const Tensor& tensor, uint64_t offset, uint64_t size) {
  if (tensor.storage == nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_BOUNDS, "%s: the tensor has no storage", call);
    return nrt::NRT_INVALID;
  }
  if (offset <= tensor.size && size <= tensor.size - offset) return nrt::NRT_SUCCESS;
  ReportMisuse(NRT_EMULATOR_MISUSE_BOUNDS, "%s: %zu bytes at offset %zu, the tensor '%s' has %zu",
               call, static_cast<size_t>(size), static_cast<size_t>(offset), tensor.name.c_str(),
               tensor.size);
  return nrt::NRT_INVALID;
}

// A range of a tensor's bytes that a call uses.
class Stretch {
 public:
  Stretch(Tensor& tensor, uint64_t offset, uint64_t size, Access access)
      : storage_(*tensor.storage),
        begin_(tensor.offset + offset),
        end_(tensor.offset + offset + size),
        access_(access),
        held_(storage_.BeginUse(begin_, end_, access, false, true)) {}
  ~Stretch() {
    if (held_) storage_.EndUse(begin_, end_, access_, false);
  }
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;

  bool held() const { return held_; }
  uint8_t* data() const { return storage_.data() + begin_; }

 private:
  Storage& storage_;
  const size_t begin_;
  const size_t end_;
  const Access access_;
  const bool held_;
};

NRT_STATUS InUse(const char* call, const Tensor& tensor) {
  ReportMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, "%s: another call is using the tensor '%s'",
               call, tensor.name.c_str());
  return nrt::NRT_INVALID;
}

// Copies the bytes of one write or read, without its emulated time.
NRT_STATUS Move(const char* call, nrt_emulator_direction direction, uint64_t handle, Tensor& tensor,
                void* buffer, uint64_t offset, uint64_t size) {
  const NRT_STATUS status = CheckBounds(call, tensor, offset, size);
  if (status != nrt::NRT_SUCCESS) return status;
  if (buffer == nullptr && size != 0) return NullArgument(call);
  const bool writing = direction == NRT_EMULATOR_WRITE;
  const Stretch stretch(tensor, offset, size, writing ? Access::kWrite : Access::kRead);
  if (!stretch.held()) return InUse(call, tensor);
  Core* core = tensor.core();
  TransferLog& log = core != nullptr ? core->transfers() : Runtime::Get().host_transfers();
  log.Add(direction, buffer, handle, offset, size);
  if (size == 0) return nrt::NRT_SUCCESS;
  if (writing) {
    std::memcpy(stretch.data(), buffer, size);
  } else {
    std::memcpy(buffer, stretch.data(), size);
  }
  return nrt::NRT_SUCCESS;
}

NRT_STATUS Transfer(const char* call, nrt_emulator_direction direction,
                    const nrt::nrt_tensor_t* tensor, void* buffer, size_t offset, size_t size) {
  NRT_STATUS status;
  const TensorTable::Pin pin = PinTensor(call, tensor, &status);
  if (!pin) return status;
  Runtime& runtime = Runtime::Get();
  Core* core = pin->core();
  status =
      runtime.Suffer(direction == NRT_EMULATOR_WRITE ? CallKind::kWrite : CallKind::kRead, core);
  if (status != nrt::NRT_SUCCESS) return status;
  status = Move(call, direction, HandleOf(tensor), *pin, buffer, offset, size);
  if (status == nrt::NRT_SUCCESS && core != nullptr) core->Transfer(direction, size);
  return status;
}

// libnrt does not track executions in flight if `unsafe` is true. The emulator always tracks them,
// so that it reports every data race.
NRT_STATUS TransferBatch(const char* call, nrt_emulator_direction direction,
                         const nrt::nrt_tensor_batch_t* batches, uint64_t num_batches) {
  Runtime& runtime = Runtime::Get();
  NRT_STATUS status = runtime.CheckState(call);
  if (status != nrt::NRT_SUCCESS) return status;
  if (batches == nullptr && num_batches != 0) return NullArgument(call);
  // The call is one request, so all arguments are checked before any bytes are copied.
  Core* core = nullptr;
  for (uint64_t i = 0; i < num_batches; ++i) {
    const nrt::nrt_tensor_batch_t& batch = batches[i];
    const TensorTable::Pin pin = PinTensor(call, batch.tensor, &status);
    if (!pin) return status;
    if (batch.ops == nullptr && batch.num_ops != 0) return NullArgument(call);
    for (uint32_t j = 0; j < batch.num_ops; ++j) {
      status = CheckBounds(call, *pin, batch.ops[j].offset, batch.ops[j].size);
      if (status != nrt::NRT_SUCCESS) return status;
      if (batch.ops[j].buffer == nullptr && batch.ops[j].size != 0) return NullArgument(call);
    }
    if (core == nullptr) core = pin->core();
  }
  status =
      runtime.Suffer(direction == NRT_EMULATOR_WRITE ? CallKind::kWrite : CallKind::kRead, core);
  if (status != nrt::NRT_SUCCESS) return status;
  // Successive operations on one core are one transfer. The last pin keeps the core until its end.
  TensorTable::Pin last;
  Core* open = nullptr;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < num_batches; ++i) {
    const nrt::nrt_tensor_batch_t& batch = batches[i];
    TensorTable::Pin pin = PinTensor(call, batch.tensor, &status);
    if (!pin) return status;
    if (open != nullptr && open != pin->core()) {
      open->Transfer(direction, bytes);
      bytes = 0;
    }
    open = pin->core();
    for (uint32_t j = 0; j < batch.num_ops; ++j) {
      const nrt::nrt_tensor_batch_op_t& op = batch.ops[j];
      status = Move(call, direction, HandleOf(batch.tensor), *pin, op.buffer, op.offset, op.size);
      if (status != nrt::NRT_SUCCESS) return status;
      bytes += op.size;
    }
    last = std::move(pin);
  }
  if (open != nullptr) open->Transfer(direction, bytes);
  return nrt::NRT_SUCCESS;
}

NRT_STATUS Publish(std::unique_ptr<Tensor> tensor, nrt::nrt_tensor_t** handle) {
  const uint64_t added = Runtime::Get().tensors.Add(std::move(tensor));
  if (added == 0) return nrt::NRT_RESOURCE;
  *handle = ToHandle<nrt::nrt_tensor_t>(added);
  return nrt::NRT_SUCCESS;
}

NRT_STATUS Refuse(const char* call, const char* what) {
  ReportMisuse(NRT_EMULATOR_MISUSE_PLACEMENT, "%s: this runtime has no %s", call, what);
  return nrt::NRT_INVALID;
}

std::unique_ptr<Tensor> NewTensor(const char* name, nrt::nrt_tensor_placement_t placement) {
  auto tensor = std::make_unique<Tensor>();
  if (name != nullptr) tensor->name.assign(name, strnlen(name, nrt::kTensorNameMax));
  tensor->placement = placement;
  return tensor;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_tensor_allocate(nrt::nrt_tensor_placement_t tensor_placement, int vnc,
                                    size_t size, const char* name, nrt::nrt_tensor_t** tensor) {
  constexpr char kCall[] = "nrt_tensor_allocate";
  Runtime& runtime = Runtime::Get();
  nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (tensor == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  const Generation& generation = runtime.config().generation;
  const bool device = tensor_placement == nrt::NRT_TENSOR_PLACEMENT_DEVICE;
  const auto count = static_cast<int>(runtime.core_count());
  if (size == 0 || tensor_placement > nrt::NRT_TENSOR_PLACEMENT_VIRTUAL ||
      (device && (vnc < 0 || vnc >= count)) || (!device && (vnc < -1 || vnc >= count))) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT,
                 "%s: placement %u, vnc %d, %zu bytes; this process has %d cores", kCall,
                 tensor_placement, vnc, size, count);
    return nrt::NRT_INVALID;
  }
  Core* core = device ? runtime.core(vnc) : nullptr;
  status = runtime.Suffer(CallKind::kAllocate, core);
  if (status != nrt::NRT_SUCCESS) return status;
  if (tensor_placement == nrt::NRT_TENSOR_PLACEMENT_VIRTUAL &&
      generation.virtual_placement == HostMemory::kRefuse) {
    return Refuse(kCall, "VIRTUAL placement");
  }
  if (tensor_placement == nrt::NRT_TENSOR_PLACEMENT_HOST) {
    constexpr size_t kMostHostBytes = size_t{4} << 20;
    if (generation.host_placement == HostMemory::kRefuse) return Refuse(kCall, "HOST placement");
    if (size > kMostHostBytes) {
      Log(LogLevel::kError, "%s: HOST tensors have at most 4 MB, %zu were asked for", kCall, size);
      return nrt::NRT_RESOURCE;
    }
  }
  std::unique_ptr<Tensor> made = NewTensor(name, tensor_placement);
  made->storage = Storage::Allocate(size, core);
  made->size = size;
  if (made->storage == nullptr) {
    Log(LogLevel::kError, "%s: no memory for %zu bytes", kCall, size);
    return nrt::NRT_RESOURCE;
  }
  return Publish(std::move(made), tensor);
}

void nrt_tensor_free(nrt::nrt_tensor_t** tensor) {
  constexpr char kCall[] = "nrt_tensor_free";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (tensor == nullptr || *tensor == nullptr) {
    NullArgument(kCall);
    return;
  }
  const uint64_t handle = HandleOf(*tensor);
  *tensor = nullptr;
  if (status == nrt::NRT_CLOSED) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE, "%s after nrt_close", kCall);
  }
  if (status != nrt::NRT_SUCCESS) return;
  HandleState state;
  {
    const TensorTable::Pin pin = runtime.tensors.Acquire(handle, &state);
    if (pin && pin->memberships->load(std::memory_order_relaxed) != 0) {
      ReportMisuse(NRT_EMULATOR_MISUSE_FREE_IN_SET,
                   "%s: a live tensor set names the tensor '%s'; tensors must outlive their sets",
                   kCall, pin->name.c_str());
    }
  }
  bool was_pinned = false;
  state = runtime.tensors.Retire(handle, &was_pinned);
  if (state != HandleState::kOk) {
    FreeError(state, kCall, "tensor");
  } else if (was_pinned) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_IN_USE, "%s while another call is using the tensor",
                 kCall);
  }
}

nrt::NRT_STATUS nrt_tensor_write(nrt::nrt_tensor_t* tensor, const void* buf, size_t offset,
                                 size_t size) {
  return Transfer("nrt_tensor_write", NRT_EMULATOR_WRITE, tensor, const_cast<void*>(buf), offset,
                  size);
}

nrt::NRT_STATUS nrt_tensor_read(const nrt::nrt_tensor_t* tensor, void* buf, size_t offset,
                                size_t size) {
  return Transfer("nrt_tensor_read", NRT_EMULATOR_READ, tensor, buf, offset, size);
}

nrt::NRT_STATUS nrt_tensor_write_batch(const nrt::nrt_tensor_batch_t* batches, uint64_t num_batches,
                                       bool) {
  return TransferBatch("nrt_tensor_write_batch", NRT_EMULATOR_WRITE, batches, num_batches);
}

nrt::NRT_STATUS nrt_tensor_read_batch(const nrt::nrt_tensor_batch_t* batches, uint64_t num_batches,
                                      bool) {
  return TransferBatch("nrt_tensor_read_batch", NRT_EMULATOR_READ, batches, num_batches);
}

nrt::NRT_STATUS nrt_tensor_copy(const nrt::nrt_tensor_t* src, size_t src_offset,
                                nrt::nrt_tensor_t* dst, size_t dst_offset, size_t size) {
  constexpr char kCall[] = "nrt_tensor_copy";
  nrt::NRT_STATUS status;
  const TensorTable::Pin from = PinTensor(kCall, src, &status);
  if (!from) return status;
  const TensorTable::Pin to = PinTensor(kCall, dst, &status);
  if (!to) return status;
  if (from->core() != nullptr && to->core() != nullptr && from->core() != to->core()) {
    ReportMisuse(NRT_EMULATOR_MISUSE_CORE, "%s: source on core %d, destination on core %d", kCall,
                 from->core()->index(), to->core()->index());
    return nrt::NRT_INVALID;
  }
  status =
      Runtime::Get().Suffer(CallKind::kCopy, to->core() != nullptr ? to->core() : from->core());
  if (status != nrt::NRT_SUCCESS) return status;
  status = CheckBounds(kCall, *from, src_offset, size);
  if (status == nrt::NRT_SUCCESS) status = CheckBounds(kCall, *to, dst_offset, size);
  if (status != nrt::NRT_SUCCESS) return status;
  const Stretch source(*from, src_offset, size, Access::kRead);
  if (!source.held()) return InUse(kCall, *from);
  const Stretch destination(*to, dst_offset, size, Access::kWrite);
  if (!destination.held()) return InUse(kCall, *to);  // in use, or it overlaps the source
  std::memcpy(destination.data(), source.data(), size);
  return nrt::NRT_SUCCESS;
}

size_t nrt_tensor_get_size(const nrt::nrt_tensor_t* tensor) {
  nrt::NRT_STATUS status;
  const TensorTable::Pin pin = PinTensor("nrt_tensor_get_size", tensor, &status);
  return pin ? pin->size : 0;
}

nrt::NRT_STATUS nrt_tensor_memset(nrt::nrt_tensor_t* tensor, uint64_t offset, int value,
                                  size_t size) {
  constexpr char kCall[] = "nrt_tensor_memset";
  nrt::NRT_STATUS status;
  const TensorTable::Pin pin = PinTensor(kCall, tensor, &status);
  if (!pin) return status;
  status = CheckBounds(kCall, *pin, offset, size);
  if (status != nrt::NRT_SUCCESS) return status;
  const Stretch stretch(*pin, offset, size, Access::kWrite);
  if (!stretch.held()) return InUse(kCall, *pin);
  std::memset(stretch.data(), value, size);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_tensor_allocate_empty(const char* name, nrt::nrt_tensor_t** tensor) {
  constexpr char kCall[] = "nrt_tensor_allocate_empty";
  Runtime& runtime = Runtime::Get();
  nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (tensor == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  status = runtime.Suffer(CallKind::kAllocate, nullptr);
  if (status != nrt::NRT_SUCCESS) return status;
  return Publish(NewTensor(name, nrt::NRT_TENSOR_PLACEMENT_VIRTUAL), tensor);
}

nrt::NRT_STATUS nrt_tensor_attach_buffer(nrt::nrt_tensor_t* tensor, void* buffer, size_t size) {
  constexpr char kCall[] = "nrt_tensor_attach_buffer";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (tensor == nullptr || buffer == nullptr || size == 0) return NullArgument(kCall);
  HandleState state;
  const TensorTable::Pin pin = runtime.tensors.AcquireExclusive(HandleOf(tensor), &state);
  if (!pin) return PinError(state, kCall, "tensor");
  if (runtime.config().generation.attached_buffers == HostMemory::kRefuse) {
    return Refuse(kCall, "attached buffers");
  }
  pin->storage = Storage::Attach(buffer, size);
  pin->offset = 0;
  pin->size = size;
  pin->placement = nrt::NRT_TENSOR_PLACEMENT_VIRTUAL;
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_tensor_allocate_slice(const nrt::nrt_tensor_t* tensor_source, size_t offset,
                                          size_t size, const char* name,
                                          nrt::nrt_tensor_t** tensor_slice) {
  constexpr char kCall[] = "nrt_tensor_allocate_slice";
  Runtime& runtime = Runtime::Get();
  nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  const TensorTable::Pin source = PinTensor(kCall, tensor_source, &status);
  if (!source) return status;
  if (tensor_slice == nullptr) return NullArgument(kCall);
  status = CheckBounds(kCall, *source, offset, size);
  if (status != nrt::NRT_SUCCESS) return status;
  if (size == 0) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: a slice of 0 bytes", kCall);
    return nrt::NRT_INVALID;
  }
  status = runtime.Suffer(CallKind::kAllocate, source->core());
  if (status != nrt::NRT_SUCCESS) return status;
  std::unique_ptr<Tensor> slice = NewTensor(name, source->placement);
  slice->storage = source->storage;
  slice->offset = source->offset + offset;
  slice->size = size;
  return Publish(std::move(slice), tensor_slice);
}

void* nrt_tensor_get_va(const nrt::nrt_tensor_t* tensor) {
  nrt::NRT_STATUS status;
  const TensorTable::Pin pin = PinTensor("nrt_tensor_get_va", tensor, &status);
  return pin && pin->storage != nullptr ? pin->data() : nullptr;
}

nrt::NRT_STATUS nrt_tensor_get_device_allocation_info(
    const nrt::nrt_tensor_t* tensor, nrt::nrt_tensor_device_allocation_info_t* alloc_info) {
  constexpr char kCall[] = "nrt_tensor_get_device_allocation_info";
  nrt::NRT_STATUS status;
  const TensorTable::Pin pin = PinTensor(kCall, tensor, &status);
  if (!pin) return status;
  if (alloc_info == nullptr) return NullArgument(kCall);
  if (pin->core() == nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: the tensor is not on a device", kCall);
    return nrt::NRT_INVALID;
  }
  alloc_info->physical_address = pin->storage->physical_address() + pin->offset;
  alloc_info->size = pin->size;
  alloc_info->hbm_index = static_cast<int>(pin->core()->instance_core() % 2);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_tensor_check_output_completion(const nrt::nrt_tensor_t* output_tensor,
                                                   int64_t timeout_microseconds,
                                                   uint64_t expected_completion_count) {
  constexpr char kCall[] = "nrt_tensor_check_output_completion";
  constexpr int64_t kPollNanos = 20 * kNanosPerMicro;
  constexpr int64_t kDay = 86400 * kNanosPerSecond;
  const bool bounded = timeout_microseconds >= 0;
  const int64_t deadline =
      bounded
          ? NowNanos() + std::min(timeout_microseconds, kDay / kNanosPerMicro) * kNanosPerMicro
          : 0;
  for (;;) {
    // Pin it again each time: waiting must neither keep the tensor alive nor block nrt_close.
    {
      nrt::NRT_STATUS status;
      const TensorTable::Pin pin = PinTensor(kCall, output_tensor, &status);
      if (!pin) return status;
      if (pin->completions.load(std::memory_order_acquire) >= expected_completion_count) {
        return nrt::NRT_SUCCESS;
      }
    }
    const int64_t now = NowNanos();
    if (bounded && now >= deadline) return nrt::NRT_TIMEOUT;
    WaitUntil(bounded ? std::min(now + kPollNanos, deadline) : now + kPollNanos, 0);
  }
}

nrt::NRT_STATUS nrt_tensor_reset_output_completion(nrt::nrt_tensor_t* output_tensor) {
  nrt::NRT_STATUS status;
  const TensorTable::Pin pin =
      PinTensor("nrt_tensor_reset_output_completion", output_tensor, &status);
  if (pin) pin->completions.store(0, std::memory_order_release);
  return status;
}
