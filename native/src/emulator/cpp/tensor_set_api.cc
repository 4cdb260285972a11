// nrt.h: tensor sets.

#include <cstring>

#include "exports.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

// Only one call at a time may use a set.
TensorSetTable::Pin PinSet(const char* call, const nrt::nrt_tensor_set_t* set,
                           const char* tensor_name, const void* tensor, NRT_STATUS* status) {
  Runtime& runtime = Runtime::Get();
  *status = runtime.CheckState(call);
  if (*status != nrt::NRT_SUCCESS) return TensorSetTable::Pin();
  if (set == nullptr || tensor_name == nullptr || tensor == nullptr) {
    *status = NullArgument(call);
    return TensorSetTable::Pin();
  }
  HandleState state;
  TensorSetTable::Pin pin = runtime.tensor_sets.AcquireExclusive(HandleOf(set), &state);
  if (!pin) *status = PinError(state, call, "tensor set");
  return pin;
}

TensorSet::Entry* FindEntry(TensorSet& set, const char* name) {
  for (TensorSet::Entry& entry : set.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_allocate_tensor_set(nrt::nrt_tensor_set_t** result) {
  constexpr char kCall[] = "nrt_allocate_tensor_set";
  Runtime& runtime = Runtime::Get();
  nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (result == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  status = runtime.Suffer(CallKind::kAllocateSet, nullptr);
  if (status != nrt::NRT_SUCCESS) return status;
  const uint64_t added = runtime.tensor_sets.Add(std::make_unique<TensorSet>());
  if (added == 0) return nrt::NRT_RESOURCE;
  *result = ToHandle<nrt::nrt_tensor_set_t>(added);
  return nrt::NRT_SUCCESS;
}

void nrt_destroy_tensor_set(nrt::nrt_tensor_set_t** tensor_set) {
  constexpr char kCall[] = "nrt_destroy_tensor_set";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (tensor_set == nullptr || *tensor_set == nullptr) {
    NullArgument(kCall);
    return;
  }
  const uint64_t handle = HandleOf(*tensor_set);
  *tensor_set = nullptr;
  if (status == nrt::NRT_CLOSED) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE, "%s after nrt_close", kCall);
  }
  if (status != nrt::NRT_SUCCESS) return;
  bool was_pinned = false;
  const HandleState state = runtime.tensor_sets.Retire(handle, &was_pinned);
  if (state != HandleState::kOk) {
    FreeError(state, kCall, "tensor set");
  } else if (was_pinned) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_IN_USE, "%s while another call is using the set", kCall);
  }
}

nrt::NRT_STATUS nrt_add_tensor_to_tensor_set(nrt::nrt_tensor_set_t* tensor_set,
                                             const char* tensor_name, nrt::nrt_tensor_t* tensor) {
  constexpr char kCall[] = "nrt_add_tensor_to_tensor_set";
  nrt::NRT_STATUS status;
  const TensorSetTable::Pin set = PinSet(kCall, tensor_set, tensor_name, tensor, &status);
  if (!set) return status;
  const size_t length = strnlen(tensor_name, nrt::kTensorNameMax);
  if (length == 0 || length == nrt::kTensorNameMax) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: a name has 1 to 255 bytes", kCall);
    return nrt::NRT_INVALID;
  }
  Runtime& runtime = Runtime::Get();
  HandleState state;
  const TensorTable::Pin pin = runtime.tensors.Acquire(HandleOf(tensor), &state);
  if (!pin) return PinError(state, kCall, "tensor");
  status = runtime.Suffer(CallKind::kAddTensor, pin->core());
  if (status != nrt::NRT_SUCCESS) return status;
  pin->memberships->fetch_add(1, std::memory_order_relaxed);
  if (TensorSet::Entry* entry = FindEntry(*set, tensor_name)) {
    entry->memberships->fetch_sub(1, std::memory_order_relaxed);
    entry->tensor = HandleOf(tensor);
    entry->memberships = pin->memberships;
  } else {
    set->entries.push_back({tensor_name, HandleOf(tensor), pin->memberships});
  }
  set->inputs.model = 0;
  set->outputs.model = 0;
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_get_tensor_from_tensor_set(nrt::nrt_tensor_set_t* tensor_set,
                                               const char* tensor_name,
                                               nrt::nrt_tensor_t** tensor) {
  nrt::NRT_STATUS status;
  const TensorSetTable::Pin set =
      PinSet("nrt_get_tensor_from_tensor_set", tensor_set, tensor_name, tensor, &status);
  if (!set) return status;
  const TensorSet::Entry* entry = FindEntry(*set, tensor_name);
  if (entry == nullptr) return nrt::NRT_FAILURE;
  *tensor = ToHandle<nrt::nrt_tensor_t>(entry->tensor);
  return nrt::NRT_SUCCESS;
}
