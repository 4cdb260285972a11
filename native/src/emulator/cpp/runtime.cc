#include "runtime.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clock.h"
#include "log.h"
#include "onnx_runtime.h"
#include "visible_cores.h"

namespace neuron_embed::emulator {

Runtime& Runtime::Get() {
  static auto* runtime = new Runtime();  // never destroyed: other threads may still call at exit
  return *runtime;
}

Runtime::Runtime() {
  // A child of fork has the parent's memory but not its devices. This handler may only do what a
  // signal handler may do.
  pthread_atfork(nullptr, nullptr, [] {
    Runtime& runtime = Get();
    if (runtime.initialized()) runtime.state_.store(State::kForked);
  });
}

nrt::NRT_STATUS Runtime::StateError(const char* call) {
  switch (state_.load(std::memory_order_acquire)) {
    case State::kInitialized:
      return nrt::NRT_SUCCESS;  // it was initialised after the first check
    case State::kUninitialized:
      ReportMisuse(NRT_EMULATOR_MISUSE_STATE, "%s before nrt_init", call);
      return nrt::NRT_UNINITIALIZED;
    case State::kClosed:
      ReportMisuse(NRT_EMULATOR_MISUSE_STATE, "%s after nrt_close", call);
      return nrt::NRT_CLOSED;
    case State::kForked:
      break;
  }
  ReportMisuse(NRT_EMULATOR_MISUSE_FORK, "%s in a child of fork: the runtime is its parent's",
               call);
  return nrt::NRT_FAILURE;
}

nrt::NRT_STATUS Runtime::Configure(const char* json) {
  if (forked()) return StateError("nrt_emulator_configure");
  const std::unique_lock<std::shared_mutex> exclusive(control);
  SetLogLevelFromEnvironment();
  if (initialized()) {
    Log(LogLevel::kError, "nrt_emulator_configure: only before nrt_init or after nrt_close");
    return nrt::NRT_INVALID;
  }
  std::optional<Config> configured;
  std::string error;
  if (json != nullptr && !ParseConfig(json, &configured.emplace(), &error)) {
    Log(LogLevel::kError, "nrt_emulator_configure: %s", error.c_str());
    return nrt::NRT_INVALID;
  }
  const std::lock_guard<std::mutex> lock(config_mutex_);
  configured_ = std::move(configured);
  plan_in_force_ = false;
  return nrt::NRT_SUCCESS;
}

bool Runtime::CurrentConfig(Config* config) {
  if (initialized()) {
    *config = *config_;
    return true;
  }
  const std::lock_guard<std::mutex> lock(config_mutex_);
  if (configured_.has_value()) {
    *config = *configured_;
    return true;
  }
  std::string error;
  if (ConfigFromEnvironment(config, &error)) return true;
  Log(LogLevel::kError, "%s", error.c_str());
  return false;
}

nrt::NRT_STATUS Runtime::CountCores(uint32_t* visible, uint32_t* total) {
  const std::shared_lock<std::shared_mutex> shared(control);
  Config config;
  if (!CurrentConfig(&config)) return nrt::NRT_INVALID;
  *total = config.cores;
  if (initialized()) {
    *visible = static_cast<uint32_t>(cores_.size());
    return nrt::NRT_SUCCESS;
  }
  CoreRequest request = {};
  std::string error;
  if (!RequestedCores(config.cores, &request, &error)) {
    Log(LogLevel::kError, "%s", error.c_str());
    return nrt::NRT_INVALID;
  }
  *visible = request.count;
  return nrt::NRT_SUCCESS;
}

namespace {

// Whether the environment requests a device profile from libnrt.
bool ProfilesDevice() {
  const char* enabled = std::getenv("NEURON_RT_INSPECT_ENABLE");
  const char* mode = std::getenv("NEURON_RT_INSPECT_DEVICE_PROFILE");
  return enabled != nullptr && std::string(enabled) == "1" && mode != nullptr && *mode != '\0' &&
         std::string(mode) != "0";
}

}  // namespace

nrt::NRT_STATUS Runtime::TakeCores(const Config& config) {
  if (config.cores == 0) {
    Log(LogLevel::kError, "nrt_init: no Neuron device (configured with 0 cores)");
    return nrt::NRT_INVALID;
  }
  const uint64_t reserved = ProfilesDevice() ? config.generation.profile_bytes : 0;
  if (reserved > config.device_memory_bytes) {
    Log(LogLevel::kError, "nrt_init: a device profile needs %zu bytes of each core's %zu",
        static_cast<size_t>(reserved), static_cast<size_t>(config.device_memory_bytes));
    return nrt::NRT_RESOURCE;
  }
  CoreRequest request = {};
  std::string error;
  if (!RequestedCores(config.cores, &request, &error)) {
    Log(LogLevel::kError, "nrt_init: %s", error.c_str());
    return nrt::NRT_INVALID;
  }
  bool taken = false;
  const uint32_t last = request.anywhere ? config.cores - request.count : request.first;
  while (!taken && request.first <= last) {
    taken = locks_.Acquire(config.lock_directory, request.first, request.count, &error);
    if (!taken) ++request.first;
  }
  if (!taken) {
    Log(LogLevel::kError, "nrt_init: %s", error.c_str());
    return nrt::NRT_FAILURE;
  }
  cores_.clear();
  config_ = std::make_unique<Config>(config);
  for (uint32_t i = 0; i < request.count; ++i) {
    cores_.push_back(std::make_unique<Core>(static_cast<int>(i), request.first + i, *config_));
    cores_.back()->TakeMemory(reserved);
  }
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS Runtime::Init(nrt::nrt_framework_type_t framework, const char* framework_version,
                              const char* adaptor_version) {
  if (forked()) return StateError("nrt_init");
  const std::unique_lock<std::shared_mutex> exclusive(control);
  SetLogLevelFromEnvironment();
  if (framework < nrt::NRT_FRAMEWORK_TYPE_NO_FW || framework > nrt::NRT_FRAMEWORK_TYPE_PRECHECK ||
      framework_version == nullptr || adaptor_version == nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT,
                 "nrt_init: framework %u is none of 1 to 5, or a version is NULL", framework);
    return nrt::NRT_INVALID;
  }
  if (initialized()) return nrt::NRT_SUCCESS;
  Config config;
  if (!CurrentConfig(&config)) return nrt::NRT_INVALID;
  {
    // A retry of a failed nrt_init continues the counts of calls.
    const std::lock_guard<std::mutex> lock(config_mutex_);
    if (!plan_in_force_) faults.Set(config.faults);
    plan_in_force_ = true;
  }
  const nrt::NRT_STATUS fault = Suffer(CallKind::kInit, nullptr);
  if (fault != nrt::NRT_SUCCESS) return fault;
  const char* async = std::getenv("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS");
  if (config.generation.implicit_async && async != nullptr && std::atoi(async) != 0) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ASYNC,
                 "nrt_init under NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS=%s: on this runtime "
                 "nrt_execute would return before outputs exist; the emulator stays synchronous",
                 async);
    if (config.refuse_inherited_async) return nrt::NRT_INVALID;
  }
  if (const char* depth = std::getenv("NEURON_RT_XU_COMPUTE_MAX_QUEUED_REQUESTS")) {
    const int requests = std::atoi(depth);
    if (requests > 0) config.queue_depth = static_cast<uint32_t>(requests);
  }
  const nrt::NRT_STATUS taken = TakeCores(config);
  if (taken != nrt::NRT_SUCCESS) return taken;
  state_.store(State::kInitialized, std::memory_order_release);
  Log(LogLevel::kInfo, "emulating %zu of %u NeuronCores, the first is core %u", cores_.size(),
      config.cores, cores_[0]->instance_core());
  return nrt::NRT_SUCCESS;
}

void Runtime::Close() {
  if (forked()) {
    StateError("nrt_close");
    return;
  }
  const std::unique_lock<std::shared_mutex> exclusive(control);
  State expected = State::kInitialized;
  if (!state_.compare_exchange_strong(expected, State::kClosed)) {
    StateError("nrt_close");
    return;
  }
  bool in_use = false;
  const uint64_t sets = tensor_sets.RetireAll(&in_use);
  const uint64_t tensor_count = tensors.RetireAll(&in_use);
  const uint64_t model_count = models.RetireAll(&in_use);
  if (in_use) {
    ReportMisuse(NRT_EMULATOR_MISUSE_CLOSE_IN_USE,
                 "nrt_close while another call was at work; it was waited for");
  }
  uint64_t info_count = 0;
  {
    const std::lock_guard<std::mutex> lock(infos_mutex_);
    info_count = infos_.size();
    for (nrt::nrt_tensor_info_array_t* array : infos_) FreeTensorInfo(array);
    infos_.clear();
  }
  const auto leak = [](uint64_t count, const char* what) {
    for (uint64_t i = 0; i < count; ++i) {
      ReportMisuse(NRT_EMULATOR_MISUSE_LEAK, "nrt_close: a %s is still alive", what);
    }
  };
  leak(sets, "tensor set");
  leak(tensor_count, "tensor");
  leak(info_count, "tensor info array");
  leak(model_count, "model");
  locks_.Release();
  {
    const std::lock_guard<std::mutex> lock(config_mutex_);
    plan_in_force_ = false;
  }
  if (!config_->report_file.empty()) WriteReport(config_->report_file);
}

Core* Runtime::FindCore(int64_t index) {
  if (index < 0 || static_cast<size_t>(index) >= cores_.size()) return nullptr;
  return cores_[static_cast<size_t>(index)].get();
}

void Runtime::AddTensorInfo(nrt::nrt_tensor_info_array_t* array) {
  const std::lock_guard<std::mutex> lock(infos_mutex_);
  infos_.insert(array);
}

bool Runtime::TakeTensorInfo(nrt::nrt_tensor_info_array_t* array) {
  const std::lock_guard<std::mutex> lock(infos_mutex_);
  return infos_.erase(array) == 1;
}

uint64_t Runtime::live_tensor_infos() {
  const std::lock_guard<std::mutex> lock(infos_mutex_);
  return infos_.size();
}

nrt::NRT_STATUS Runtime::Suffer(CallKind call, Core* core) {
  const Fault fault = faults.Next(call, core == nullptr ? kNoCore : core->index());
  if (!fault) return nrt::NRT_SUCCESS;
  if (fault.hang_nanos != 0) WaitUntil(NowNanos() + fault.hang_nanos, 0);
  if (fault.status == nrt::NRT_EXEC_UNIT_UNRECOVERABLE && core != nullptr) core->Kill();
  if (fault.status != nrt::NRT_SUCCESS) Log(LogLevel::kInfo, "status %u by plan", fault.status);
  return fault.status;
}

void Runtime::SetFaults(const std::vector<FaultRule>& rules) {
  const std::lock_guard<std::mutex> lock(config_mutex_);
  faults.Set(rules);
  plan_in_force_ = true;
}

nrt_emulator_counters_t Runtime::Counters() {
  const std::shared_lock<std::shared_mutex> shared(control);
  return CountersUnderControl();
}

nrt_emulator_counters_t Runtime::CountersUnderControl() {
  nrt_emulator_counters_t counters = {};
  counters.live_models = models.live();
  counters.live_tensors = tensors.live();
  counters.live_tensor_sets = tensor_sets.live();
  counters.live_tensor_infos = live_tensor_infos();
  for (const std::unique_ptr<Core>& core : cores_) {
    counters.executions += core->Totals().executions;
  }
  counters.attached_copies = attached_copies.load(std::memory_order_relaxed);
  counters.onnx_sessions = OnnxSession::live();
  for (unsigned kind = 0; kind < NRT_EMULATOR_MISUSE_KINDS; ++kind) {
    counters.misuse[kind] = MisuseCount(static_cast<MisuseKind>(kind));
    counters.misuse_total += counters.misuse[kind];
  }
  return counters;
}

void Runtime::WriteReport(const std::string& path) {
  const nrt_emulator_counters_t counters = CountersUnderControl();
  nlohmann::ordered_json report;
  report["emulated"] = true;
  report["process"] = getpid();
  report["executions"] = counters.executions;
  report["attachedCopies"] = counters.attached_copies;
  for (const std::unique_ptr<Core>& core : cores_) {
    const nrt_emulator_core_t totals = core->Totals();
    report["cores"].push_back({{"instanceCore", totals.instance_core},
                               {"dead", totals.dead != 0},
                               {"executions", totals.executions},
                               {"writes", totals.writes},
                               {"reads", totals.reads},
                               {"bytesWritten", totals.bytes_written},
                               {"bytesRead", totals.bytes_read},
                               {"busyNanos", totals.busy_ns}});
  }
  report["misuseTotal"] = counters.misuse_total;
  for (unsigned kind = 0; kind < NRT_EMULATOR_MISUSE_KINDS; ++kind) {
    report["misuse"][nrt_emulator_misuse_name(kind)] = counters.misuse[kind];
  }
  std::ofstream file(path, std::ios::trunc);
  file << report.dump(2) << '\n';
  file.close();
  if (!file) Log(LogLevel::kError, "the report could not be written to %s", path.c_str());
}

void FreeTensorInfo(nrt::nrt_tensor_info_array_t* array) {
  for (uint64_t i = 0; i < array->tensor_count; ++i) std::free(nrt::TensorInfoAt(array, i)->shape);
  std::free(array);
}

nrt::NRT_STATUS PinError(HandleState state, const char* call, const char* what) {
  switch (state) {
    case HandleState::kOk:
      return nrt::NRT_SUCCESS;
    case HandleState::kBad:
      ReportMisuse(NRT_EMULATOR_MISUSE_BAD_HANDLE, "%s: that is no handle of a %s", call, what);
      return nrt::NRT_INVALID_HANDLE;
    case HandleState::kStale:
      ReportMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, "%s: the %s is gone already", call, what);
      return nrt::NRT_INVALID_HANDLE;
    case HandleState::kBusy:
      break;
  }
  ReportMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, "%s: another call is using the %s", call, what);
  return nrt::NRT_INVALID;
}

nrt::NRT_STATUS NullArgument(const char* call) {
  ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: a pointer is NULL", call);
  return nrt::NRT_INVALID;
}

void FreeError(HandleState state, const char* call, const char* what) {
  if (state == HandleState::kStale) {
    ReportMisuse(NRT_EMULATOR_MISUSE_DOUBLE_FREE, "%s: the %s is gone already", call, what);
  } else {
    PinError(state, call, what);
  }
}

}  // namespace neuron_embed::emulator
