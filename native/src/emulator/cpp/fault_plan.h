// Planned faults: a status for chosen calls on chosen cores.

#ifndef NEURON_EMBED_EMULATOR_FAULT_PLAN_H_
#define NEURON_EMBED_EMULATOR_FAULT_PLAN_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

enum class CallKind : unsigned {
  kInit,
  kLoad,
  kUnload,
  kTensorInfo,
  kAllocate,
  kAllocateSet,
  kAddTensor,
  kWrite,
  kRead,
  kCopy,
  kExecute,
};
inline constexpr unsigned kCallKinds = 11;
inline constexpr int kAnyCore = -2;
inline constexpr int kNoCore = -1;

// Selects some of the matching calls, which are counted from 1.
struct FaultRule {
  CallKind call = CallKind::kExecute;
  int core = kAnyCore;  // index within the process
  uint64_t first = 1;
  uint64_t last = UINT64_MAX;
  uint64_t every = 1;                         // first, first + every, ...
  int64_t duration_nanos = 0;                 // > 0: the rule ends this long after its first fault
  int64_t hang_nanos = 0;                     // additional time of the call
  nrt::NRT_STATUS status = nrt::NRT_SUCCESS;  // success: the call only takes longer
};

struct Fault {
  nrt::NRT_STATUS status = nrt::NRT_SUCCESS;
  int64_t hang_nanos = 0;
  explicit operator bool() const { return status != nrt::NRT_SUCCESS || hang_nanos != 0; }
};

class FaultPlan {
 public:
  void Set(const std::vector<FaultRule>& rules);

  // Counts this call and returns the fault of the first rule that applies to it. `core` is kNoCore
  // for calls that concern no core. If no rule is for this kind of call, it costs one load.
  Fault Next(CallKind call, int core) {
    const unsigned bit = 1u << static_cast<unsigned>(call);
    if ((kinds_.load(std::memory_order_relaxed) & bit) == 0) return Fault();
    return Lookup(call, core);
  }

 private:
  struct Counted {
    FaultRule rule;
    std::atomic<uint64_t> calls{0};
    std::atomic<int64_t> first_hit{0};
  };

  Fault Lookup(CallKind call, int core);

  std::atomic<unsigned> kinds_{0};
  std::shared_mutex mutex_;
  std::vector<std::unique_ptr<Counted>> rules_;  // guarded by mutex_
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_FAULT_PLAN_H_
