// The process-wide runtime: its state, its cores and its live objects.
//
// Cold calls (create, load, topology) hold `control` shared; init and close hold it exclusively. No
// thread takes it while it has a pin. Hot calls (write, read, execute) take no process-wide lock:
// they pin the objects that they use, and nrt_close waits for the pins.

#ifndef NEURON_EMBED_EMULATOR_RUNTIME_H_
#define NEURON_EMBED_EMULATOR_RUNTIME_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "config.h"
#include "core.h"
#include "core_locks.h"
#include "fault_plan.h"
#include "misuse.h"
#include "nrt/nrt_abi.h"
#include "objects.h"
#include "program_cache.h"

namespace neuron_embed::emulator {

class Runtime {
 public:
  // Exists until the process ends, also during exit handlers.
  static Runtime& Get();

  // ---- state
  nrt::NRT_STATUS Init(nrt::nrt_framework_type_t framework, const char* framework_version,
                       const char* adaptor_version);
  void Close();

  // Returns NRT_SUCCESS while initialised. Otherwise counts a misuse by `call` and returns the
  // documented status.
  nrt::NRT_STATUS CheckState(const char* call) {
    if (state_.load(std::memory_order_acquire) == State::kInitialized) return nrt::NRT_SUCCESS;
    return StateError(call);
  }
  bool forked() const { return state_.load(std::memory_order_acquire) == State::kForked; }
  bool initialized() const { return state_.load(std::memory_order_acquire) == State::kInitialized; }

  // ---- configuration
  nrt::NRT_STATUS Configure(const char* json);
  // The current configuration, or the one that nrt_init would use. Returns false, with a log line,
  // if the environment's configuration is wrong.
  bool CurrentConfig(Config* config);
  // Only while initialised, under `control` or a pin.
  const Config& config() const { return *config_; }
  // The number of cores that this process has, or that nrt_init would give it.
  nrt::NRT_STATUS CountCores(uint32_t* visible, uint32_t* total);

  // ---- cores; they stay until the next Init
  size_t core_count() const { return cores_.size(); }
  Core* core(int index) { return cores_[static_cast<size_t>(index)].get(); }
  // Null if there is no core with this index. Only under `control`.
  Core* FindCore(int64_t index);
  TransferLog& host_transfers() { return host_transfers_; }

  // ---- live objects
  std::shared_mutex control;
  ModelTable models{1};
  TensorTable tensors{2};
  TensorSetTable tensor_sets{3};
  FaultPlan faults;
  ProgramCache programs;

  // Arrays of nrt_get_model_tensor_info.
  void AddTensorInfo(nrt::nrt_tensor_info_array_t* array);
  // Removes a live array, which the caller then owns. False if it is not live.
  bool TakeTensorInfo(nrt::nrt_tensor_info_array_t* array);
  uint64_t live_tensor_infos();

  std::atomic<uint64_t> attached_copies{0};

  nrt_emulator_counters_t Counters();

  // Replaces the plan until Close or Configure.
  void SetFaults(const std::vector<FaultRule>& rules);

  // Applies the planned fault to a cold call and returns its status: sleeps for a hang, and makes
  // the core dead for NRT_EXEC_UNIT_UNRECOVERABLE.
  nrt::NRT_STATUS Suffer(CallKind call, Core* core);

 private:
  enum class State : int { kUninitialized, kInitialized, kClosed, kForked };

  Runtime();
  nrt::NRT_STATUS StateError(const char* call);
  nrt::NRT_STATUS TakeCores(const Config& config);
  void WriteReport(const std::string& path);
  nrt_emulator_counters_t CountersUnderControl();

  std::atomic<State> state_{State::kUninitialized};
  std::mutex config_mutex_;
  std::optional<Config> configured_;  // guarded by config_mutex_; by nrt_emulator_configure
  bool plan_in_force_ = false;        // guarded by config_mutex_; whether `faults` is current
  std::unique_ptr<Config> config_;
  CoreLocks locks_;
  std::vector<std::unique_ptr<Core>> cores_;
  TransferLog host_transfers_;
  std::mutex infos_mutex_;
  std::unordered_set<nrt::nrt_tensor_info_array_t*> infos_;  // guarded by infos_mutex_
};

// Frees an array of nrt_get_model_tensor_info and its shapes.
void FreeTensorInfo(nrt::nrt_tensor_info_array_t* array);

// Converts a pointer of the API to a handle of the tables, and back.
inline uint64_t HandleOf(const void* handle) { return reinterpret_cast<uintptr_t>(handle); }
template <typename Handle>
Handle* ToHandle(uint64_t handle) {
  return reinterpret_cast<Handle*>(static_cast<uintptr_t>(handle));
}

// Counts a failed pin and returns the status for it. `what` is "model", "tensor" ...
nrt::NRT_STATUS PinError(HandleState state, const char* call, const char* what);

// Counts a NULL argument that is not allowed, and returns the status for it.
nrt::NRT_STATUS NullArgument(const char* call);

// Counts a failed free.
void FreeError(HandleState state, const char* call, const char* what);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_RUNTIME_H_
