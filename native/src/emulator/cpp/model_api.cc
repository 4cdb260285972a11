// nrt.h, nrt_experimental.h: models and the information about them.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "clock.h"
#include "exports.h"
#include "format.h"
#include "log.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

// The memory that a model needs on a core in addition to its NEFF.
constexpr uint64_t kMicrocodeBytes = uint64_t{96} << 20;

// NEURON_RT_EXEC_TIMEOUT in whole seconds, read at load. If it is not set: the configured time.
bool ExecTimeout(const Config& config, int64_t* nanos) {
  *nanos = config.exec_timeout_nanos;
  const char* text = std::getenv("NEURON_RT_EXEC_TIMEOUT");
  if (text == nullptr || *text == '\0') return true;
  char* end = nullptr;
  errno = 0;
  const long seconds = std::strtol(text, &end, 10);
  if (errno != 0 || *end != '\0' || seconds < 1 || seconds > 86400) return false;
  *nanos = seconds * kNanosPerSecond;
  return true;
}

// The core to load on; null if `vnc` is not a core. -1: the core with the least memory in use.
Core* ChooseCore(Runtime& runtime, int32_t vnc) {
  const auto count = static_cast<int32_t>(runtime.core_count());
  if (vnc < -1 || vnc >= count) return nullptr;
  if (vnc >= 0) return runtime.core(vnc);
  Core* chosen = runtime.core(0);
  for (int32_t i = 1; i < count; ++i) {
    if (runtime.core(i)->memory_used() < chosen->memory_used()) chosen = runtime.core(i);
  }
  return chosen;
}

NRT_STATUS LoadOrThrow(const char* call, const void* neff_bytes, size_t size, int32_t vnc,
                       int32_t vnc_count, nrt::nrt_model_t** handle) {
  Runtime& runtime = Runtime::Get();
  NRT_STATUS status = runtime.CheckState(call);
  if (status != nrt::NRT_SUCCESS) return status;
  if (neff_bytes == nullptr || handle == nullptr) return NullArgument(call);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  status = runtime.CheckState(call);
  if (status != nrt::NRT_SUCCESS) return status;
  const Config& config = runtime.config();
  if (vnc_count != -1) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: vnc_count is %d, must be -1", call, vnc_count);
    return nrt::NRT_INVALID;
  }
  Core* core = ChooseCore(runtime, vnc);
  if (core == nullptr) {
    Log(LogLevel::kError, "%s: vnc %d, this process has the cores 0 to %d", call, vnc,
        static_cast<int>(runtime.core_count()) - 1);
    return nrt::NRT_LOAD_NOT_ENOUGH_NC;
  }
  if (core->dead()) return nrt::NRT_EXEC_UNIT_UNRECOVERABLE;
  status = runtime.Suffer(CallKind::kLoad, core);
  if (status != nrt::NRT_SUCCESS) return status;
  int64_t timeout = 0;
  if (!ExecTimeout(config, &timeout)) {
    Log(LogLevel::kError, "%s: NEURON_RT_EXEC_TIMEOUT is no whole number of seconds", call);
    return nrt::NRT_INVALID;
  }

  std::string error;
  std::shared_ptr<const Program> program;
  status = runtime.programs.Load(static_cast<const uint8_t*>(neff_bytes), size, config, &program,
                                 &error);
  if (status != nrt::NRT_SUCCESS) {
    Log(LogLevel::kError, "%s: NEFF refused with status %u: %s", call, status, error.c_str());
    return status;
  }
  const uint64_t device_bytes = size + kMicrocodeBytes;
  if (!core->TakeMemory(device_bytes)) {
    Log(LogLevel::kError, "%s: core %d has %zu of %zu bytes in use, the model needs %zu", call,
        core->index(), static_cast<size_t>(core->memory_used()),
        static_cast<size_t>(core->memory_limit()), static_cast<size_t>(device_bytes));
    return nrt::NRT_RESOURCE;
  }
  auto model = std::make_unique<Model>(std::move(program), core, device_bytes);
  const ModelSpec& spec = model->spec();
  model->computation = spec.compute == ComputeKind::kHash
                           ? MakeHashComputation(spec)
                           : MakeOnnxComputation(spec, model->program->session);
  model->service_nanos = config.timing.ServiceNanos(spec.batch, spec.sequence_length, spec.texts);
  model->timeout_nanos = timeout;
  const uint64_t added = runtime.models.Add(std::move(model));
  if (added == 0) return nrt::NRT_RESOURCE;
  *handle = ToHandle<nrt::nrt_model_t>(added);
  return nrt::NRT_SUCCESS;
}

// No exception leaves the library, not even if a NEFF states a size for which there is no memory.
NRT_STATUS Load(const char* call, const void* neff_bytes, size_t size, int32_t vnc,
                int32_t vnc_count, nrt::nrt_model_t** handle) {
  try {
    return LoadOrThrow(call, neff_bytes, size, vnc, vnc_count, handle);
  } catch (const std::exception& e) {
    Log(LogLevel::kError, "%s: %s", call, e.what());
    return nrt::NRT_RESOURCE;
  }
}

// Pins the model of a getter that fills `result`.
ModelTable::Pin PinModel(const char* call, const nrt::nrt_model_t* model, const void* result,
                         NRT_STATUS* status) {
  Runtime& runtime = Runtime::Get();
  *status = runtime.CheckState(call);
  if (*status != nrt::NRT_SUCCESS) return ModelTable::Pin();
  if (model == nullptr || result == nullptr) {
    *status = NullArgument(call);
    return ModelTable::Pin();
  }
  HandleState state;
  ModelTable::Pin pin = runtime.models.Acquire(HandleOf(model), &state);
  if (!pin) *status = PinError(state, call, "model");
  return pin;
}

uint32_t NumberOf(Dtype dtype, bool old_numbering) {
  switch (dtype) {
    case Dtype::kFloat32:
      return old_numbering ? uint32_t{nrt::LEGACY_DTYPE_FLOAT32} : nrt::NRT_DTYPE_FLOAT32;
    case Dtype::kBfloat16:
      return old_numbering ? uint32_t{nrt::LEGACY_DTYPE_BFLOAT16} : nrt::NRT_DTYPE_BFLOAT16;
    case Dtype::kInt32:
    case Dtype::kInt64AsInt32:
      break;
  }
  return nrt::NRT_DTYPE_INT32;  // the same in both
}

// Fills one record; false if memory ran out.
bool FillInfo(nrt::nrt_tensor_info_t* info, nrt::nrt_tensor_usage_t usage, const std::string& name,
              size_t size, uint32_t dtype, const std::vector<uint32_t>& shape) {
  std::strncpy(info->name, name.c_str(), sizeof(info->name) - 1);
  info->usage = usage;
  info->size = size;
  info->dtype = static_cast<nrt::nrt_dtype_t>(dtype);
  info->shape = static_cast<uint32_t*>(std::malloc(shape.size() * sizeof(uint32_t)));
  info->ndim = static_cast<uint32_t>(shape.size());
  if (info->shape == nullptr) return false;
  std::copy(shape.begin(), shape.end(), info->shape);
  return true;
}

nrt::nrt_tensor_info_array_t* MakeTensorInfo(const ModelSpec& spec, bool old_numbering) {
  const size_t count = spec.inputs.size() + spec.outputs.size();
  auto* array = static_cast<nrt::nrt_tensor_info_array_t*>(
      std::calloc(1, nrt::kTensorInfoOffset + count * sizeof(nrt::nrt_tensor_info_t)));
  if (array == nullptr) return nullptr;
  array->tensor_count = count;
  uint64_t next = 0;
  bool filled = true;
  for (const InputSpec& input : spec.inputs) {
    filled &= FillInfo(nrt::TensorInfoAt(array, next++), nrt::NRT_TENSOR_USAGE_INPUT, input.name,
                       input.size, NumberOf(input.dtype, old_numbering), input.shape);
  }
  for (const OutputSpec& output : spec.outputs) {
    filled &= FillInfo(nrt::TensorInfoAt(array, next++), nrt::NRT_TENSOR_USAGE_OUTPUT, output.name,
                       output.size, NumberOf(output.dtype, old_numbering), output.shape);
  }
  if (filled) return array;
  FreeTensorInfo(array);
  return nullptr;
}

NRT_STATUS CountOfOne(const char* call, const nrt::nrt_model_t* model, uint32_t* count) {
  NRT_STATUS status;
  const ModelTable::Pin pin = PinModel(call, model, count, &status);
  if (pin) *count = 1;
  return status;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_load(const void* neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                         nrt::nrt_model_t** model) {
  return Load("nrt_load", neff_bytes, size, vnc, vnc_count, model);
}

nrt::NRT_STATUS nrt_load_collectives(const void* neff_bytes, size_t size, int32_t vnc,
                                     int32_t vnc_count, uint32_t ctx_device_id,
                                     uint32_t ctx_device_count, nrt::nrt_model_t** model) {
  if (ctx_device_id != 0 || ctx_device_count != 1) {
    Log(LogLevel::kError, "nrt_load_collectives: collectives of several devices are not emulated");
    return nrt::NRT_INVALID;
  }
  return Load("nrt_load_collectives", neff_bytes, size, vnc, vnc_count, model);
}

nrt::NRT_STATUS nrt_unload(nrt::nrt_model_t* model) {
  Runtime& runtime = Runtime::Get();
  nrt::NRT_STATUS status = runtime.CheckState("nrt_unload");
  if (status == nrt::NRT_CLOSED && model != nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE, "nrt_unload after nrt_close");
  }
  if (status != nrt::NRT_SUCCESS) return status;
  if (model == nullptr) return NullArgument("nrt_unload");
  {
    HandleState state;
    const ModelTable::Pin pin = runtime.models.Acquire(HandleOf(model), &state);
    if (!pin) {
      FreeError(state, "nrt_unload", "model");
      return nrt::NRT_INVALID_HANDLE;
    }
    status = runtime.Suffer(CallKind::kUnload, pin->core);
  }
  if (status != nrt::NRT_SUCCESS) return status;
  switch (runtime.models.RetireIfIdle(HandleOf(model))) {
    case HandleState::kOk:
      return nrt::NRT_SUCCESS;
    case HandleState::kBusy:
      ReportMisuse(NRT_EMULATOR_MISUSE_FREE_IN_USE,
                   "nrt_unload while another call is using the model; it stays loaded");
      return nrt::NRT_INVALID;
    default:
      FreeError(HandleState::kStale, "nrt_unload", "model");
      return nrt::NRT_INVALID_HANDLE;
  }
}

nrt::NRT_STATUS nrt_get_model_nc_count(const nrt::nrt_model_t* model, uint32_t* vnc_count) {
  return CountOfOne("nrt_get_model_nc_count", model, vnc_count);
}

nrt::NRT_STATUS nrt_get_model_vnc_count(const nrt::nrt_model_t* model, uint32_t* vnc_count) {
  return CountOfOne("nrt_get_model_vnc_count", model, vnc_count);
}

nrt::NRT_STATUS nrt_get_model_instance_count(nrt::nrt_model_t* model, uint32_t* instance_count) {
  return CountOfOne("nrt_get_model_instance_count", model, instance_count);
}

nrt::NRT_STATUS nrt_get_model_info(const nrt::nrt_model_t* model, nrt::nrt_model_info_t* info,
                                   size_t info_size_in, size_t* info_size_out) {
  nrt::NRT_STATUS status;
  const ModelTable::Pin pin = PinModel("nrt_get_model_info", model, info, &status);
  if (!pin) return status;
  if (info_size_out == nullptr) return NullArgument("nrt_get_model_info");
  const nrt::nrt_model_info_t filled = {static_cast<uint32_t>(pin->core->index())};
  *info_size_out = std::min(info_size_in, sizeof(filled));
  std::memcpy(info, &filled, *info_size_out);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_get_model_tensor_info(nrt::nrt_model_t* model,
                                          nrt::nrt_tensor_info_array_t** tensor_info) {
  nrt::NRT_STATUS status;
  const ModelTable::Pin pin = PinModel("nrt_get_model_tensor_info", model, tensor_info, &status);
  if (!pin) return status;
  Runtime& runtime = Runtime::Get();
  status = runtime.Suffer(CallKind::kTensorInfo, pin->core);
  if (status != nrt::NRT_SUCCESS) return status;
  nrt::nrt_tensor_info_array_t* array =
      MakeTensorInfo(pin->spec(), runtime.config().generation.old_dtypes);
  if (array == nullptr) return nrt::NRT_RESOURCE;
  runtime.AddTensorInfo(array);
  *tensor_info = array;
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_free_model_tensor_info(nrt::nrt_tensor_info_array_t* tensor_info) {
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState("nrt_free_model_tensor_info");
  if (status == nrt::NRT_CLOSED && tensor_info != nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE,
                 "nrt_free_model_tensor_info after nrt_close");
  }
  if (status != nrt::NRT_SUCCESS) return status;
  if (tensor_info == nullptr) return NullArgument("nrt_free_model_tensor_info");
  if (!runtime.TakeTensorInfo(tensor_info)) {
    FreeError(HandleState::kStale, "nrt_free_model_tensor_info", "tensor info array");
    return nrt::NRT_INVALID_HANDLE;
  }
  FreeTensorInfo(tensor_info);
  return nrt::NRT_SUCCESS;
}
