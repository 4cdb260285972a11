// One emulated NeuronCore: its virtual timeline, its two transfer queues, its memory and its
// records.
//
// Times are computed, not measured. An execution that is submitted at s on a core that is busy
// until b starts at max(s, b) and ends a service time later. The caller sleeps until that end. The
// host's own speed does not change the timeline. A late wake-up delays only its caller.

#ifndef NEURON_EMBED_EMULATOR_CORE_H_
#define NEURON_EMBED_EMULATOR_CORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "config.h"
#include "fair_mutex.h"
#include "fault_plan.h"
#include "nrt/nrt_abi.h"
#include "nrt_emulator.h"

namespace neuron_embed::emulator {

// The time until which one resource is busy. Not thread-safe.
class Timeline {
 public:
  // The start of work submitted at `submit`.
  int64_t StartOf(int64_t submit) const { return submit > busy_until_ ? submit : busy_until_; }
  void OccupyUntil(int64_t end) { busy_until_ = end; }

 private:
  int64_t busy_until_ = 0;
};

// Records the buffers of transfers and keeps the latest records. Writers never wait.
class TransferLog {
 public:
  TransferLog() : records_(kKept) {}
  void Add(nrt_emulator_direction direction, const void* buffer, uint64_t tensor, uint64_t offset,
           uint64_t size);
  size_t Copy(nrt_emulator_transfer_t* records, size_t capacity) const;

 private:
  static constexpr size_t kKept = 4096;
  struct Record {
    std::atomic<uint64_t> sequence_plus_one{0};  // 0 during a write
    std::atomic<uint64_t> buffer{0};
    std::atomic<uint64_t> tensor{0};
    std::atomic<uint64_t> offset{0};
    std::atomic<uint64_t> size{0};
    std::atomic<uint32_t> direction{0};
  };
  std::atomic<uint64_t> next_{0};
  std::vector<Record> records_;
};

class Core {
 public:
  // `index` is the number within the process, `instance_core` the number on the instance. `config`
  // must outlive the core.
  Core(int index, uint32_t instance_core, const Config& config);

  int index() const { return index_; }
  uint32_t instance_core() const { return instance_core_; }

  bool dead() const { return dead_.load(std::memory_order_relaxed); }
  void Kill() { dead_.store(true, std::memory_order_relaxed); }

  // Takes device memory, in bytes. False if the core has less left.
  bool TakeMemory(uint64_t bytes);
  void ReturnMemory(uint64_t bytes);
  uint64_t memory_used() const { return memory_used_.load(std::memory_order_relaxed); }
  uint64_t memory_limit() const { return config_.device_memory_bytes; }

  struct Work {
    uint32_t batch;
    uint32_t sequence_length;
    int64_t service_nanos;  // without jitter
    int64_t timeout_nanos;  // includes the time in the queue
    Fault fault;
  };

  // Runs `compute` on this core. Returns when the execution ends on the virtual timeline, with the
  // fault's status or else the result of `compute`. Returns NRT_EXEC_UNIT_UNRECOVERABLE at once on
  // a dead core, NRT_TIMEOUT if it cannot end in time, NRT_QUEUE_FULL if configured so. `compute`
  // runs at most once, and never at the same time as another one on this core.
  template <typename Compute>
  nrt::NRT_STATUS Execute(const Work& work, Compute compute) {
    Ticket ticket;
    const nrt::NRT_STATUS admitted = Begin(work, &ticket);
    if (admitted != nrt::NRT_SUCCESS) return admitted;
    nrt::NRT_STATUS status = nrt::NRT_SUCCESS;
    {
      const std::lock_guard<FairMutex> turn(compute_turn_);
      if (Reserve(work, &ticket)) {
        status = compute();
        Occupy(work, &ticket);
      }
    }
    return End(work, ticket, status);
  }

  // Adds a transfer of `bytes` to the timeline and sleeps until it ends. Transfers in the same
  // direction wait for each other. On runtimes with one queue, both directions wait for each other.
  void Transfer(nrt_emulator_direction direction, uint64_t bytes);

  TransferLog& transfers() { return transfers_; }
  size_t CopyExecutions(nrt_emulator_execution_t* records, size_t capacity);
  nrt_emulator_core_t Totals() const;

 private:
  static constexpr size_t kKeptExecutions = 4096;

  struct Ticket {
    int64_t submit;
    int64_t deadline;
    int64_t start;
    int64_t service;
    int64_t end;
    bool timed_out;
  };
  struct TransferQueue {
    std::mutex mutex;
    Timeline timeline;  // guarded by mutex
  };

  nrt::NRT_STATUS Begin(const Work& work, Ticket* ticket);
  bool Reserve(const Work& work, Ticket* ticket);
  void Occupy(const Work& work, Ticket* ticket);
  nrt::NRT_STATUS End(const Work& work, const Ticket& ticket, nrt::NRT_STATUS status);

  const int index_;
  const uint32_t instance_core_;
  const Config& config_;
  std::atomic<bool> dead_{false};
  // The end of the execution that makes the core fail for good, on the timeline.
  std::atomic<int64_t> dies_at_{std::numeric_limits<int64_t>::max()};
  std::atomic<uint64_t> memory_used_{0};

  std::atomic<uint32_t> queued_{0};
  FairMutex compute_turn_;
  Timeline timeline_;                              // guarded by compute_turn_
  std::vector<nrt_emulator_execution_t> history_;  // guarded by compute_turn_

  // Written under compute_turn_, read without it: totals must not wait for a long computation.
  std::atomic<uint64_t> executions_{0};
  std::atomic<int64_t> busy_nanos_{0};

  TransferQueue queues_[2];
  std::atomic<uint64_t> calls_[2] = {};
  std::atomic<uint64_t> bytes_[2] = {};
  TransferLog transfers_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CORE_H_
