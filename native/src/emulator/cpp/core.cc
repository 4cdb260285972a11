#include "core.h"

#include <algorithm>

#include "clock.h"
#include "log.h"

namespace neuron_embed::emulator {

namespace {

constexpr int64_t kQueueRetryNanos = 100 * kNanosPerMicro;

// Whether a runtime detects the fault before it starts the core. Such faults take no device time.
bool FailsAtSubmission(nrt::NRT_STATUS status) {
  switch (status) {
    case nrt::NRT_INVALID:
    case nrt::NRT_INVALID_HANDLE:
    case nrt::NRT_RESOURCE:
    case nrt::NRT_QUEUE_FULL:
    case nrt::NRT_EXEC_BAD_INPUT:
    case nrt::NRT_EXEC_NC_BUSY:
      return true;
    default:
      return false;
  }
}

}  // namespace

void TransferLog::Add(nrt_emulator_direction direction, const void* buffer, uint64_t tensor,
                      uint64_t offset, uint64_t size) {
  const uint64_t sequence = next_.fetch_add(1, std::memory_order_relaxed);
  Record& record = records_[sequence % kKept];
  record.sequence_plus_one.store(0, std::memory_order_relaxed);
  record.buffer.store(reinterpret_cast<uintptr_t>(buffer), std::memory_order_relaxed);
  record.tensor.store(tensor, std::memory_order_relaxed);
  record.offset.store(offset, std::memory_order_relaxed);
  record.size.store(size, std::memory_order_relaxed);
  record.direction.store(direction, std::memory_order_relaxed);
  record.sequence_plus_one.store(sequence + 1, std::memory_order_release);
}

size_t TransferLog::Copy(nrt_emulator_transfer_t* records, size_t capacity) const {
  const uint64_t end = next_.load(std::memory_order_acquire);
  const uint64_t kept = std::min<uint64_t>({end, kKept, capacity});
  size_t count = 0;
  for (uint64_t sequence = end - kept; sequence < end; ++sequence) {
    const Record& record = records_[sequence % kKept];
    if (record.sequence_plus_one.load(std::memory_order_acquire) != sequence + 1) continue;
    nrt_emulator_transfer_t& copy = records[count++];
    copy.sequence = sequence;
    copy.buffer = record.buffer.load(std::memory_order_relaxed);
    copy.tensor = record.tensor.load(std::memory_order_relaxed);
    copy.offset = record.offset.load(std::memory_order_relaxed);
    copy.size = record.size.load(std::memory_order_relaxed);
    copy.direction = record.direction.load(std::memory_order_relaxed);
  }
  return count;
}

Core::Core(int index, uint32_t instance_core, const Config& config)
    : index_(index), instance_core_(instance_core), config_(config), history_(kKeptExecutions) {}

bool Core::TakeMemory(uint64_t bytes) {
  uint64_t used = memory_used_.load(std::memory_order_relaxed);
  do {
    if (bytes > config_.device_memory_bytes || used > config_.device_memory_bytes - bytes) {
      return false;
    }
  } while (!memory_used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

void Core::ReturnMemory(uint64_t bytes) {
  memory_used_.fetch_sub(bytes, std::memory_order_relaxed);
}

nrt::NRT_STATUS Core::Begin(const Work& work, Ticket* ticket) {
  if (dead()) return nrt::NRT_EXEC_UNIT_UNRECOVERABLE;
  ticket->submit = NowNanos();
  ticket->deadline = ticket->submit + work.timeout_nanos;
  if (FailsAtSubmission(work.fault.status) && work.fault.hang_nanos == 0) return work.fault.status;
  for (;;) {
    uint32_t queued = queued_.load(std::memory_order_relaxed);
    while (queued < config_.queue_depth) {
      if (queued_.compare_exchange_weak(queued, queued + 1, std::memory_order_relaxed)) {
        return nrt::NRT_SUCCESS;
      }
    }
    if (config_.refuse_when_queue_full) return nrt::NRT_QUEUE_FULL;
    const int64_t retry = NowNanos() + kQueueRetryNanos;
    if (retry >= ticket->deadline) {
      WaitUntil(ticket->deadline, 0);
      return nrt::NRT_TIMEOUT;
    }
    WaitUntil(retry, 0);
  }
}

// False if the execution cannot end in time. Then it does not start, unless it hangs.
bool Core::Reserve(const Work& work, Ticket* ticket) {
  ticket->start = timeline_.StartOf(ticket->submit);
  ticket->service = config_.timing.Jittered(work.service_nanos, instance_core_,
                                            executions_.load(std::memory_order_relaxed)) +
                    work.fault.hang_nanos;
  ticket->end = ticket->start + ticket->service;
  ticket->timed_out = ticket->end > ticket->deadline;
  if (!ticket->timed_out) return true;
  if (work.fault.hang_nanos != 0 && ticket->start < ticket->deadline) Occupy(work, ticket);
  return false;
}

void Core::Occupy(const Work& work, Ticket* ticket) {
  // The real computation is part of the service time, unless it took longer.
  if (!ticket->timed_out) ticket->end = std::max(ticket->end, NowNanos());
  timeline_.OccupyUntil(ticket->end);
  if (work.fault.status == nrt::NRT_EXEC_UNIT_UNRECOVERABLE && !ticket->timed_out) {
    dies_at_.store(std::min(ticket->end, dies_at_.load(std::memory_order_relaxed)),
                   std::memory_order_relaxed);
  }
  const uint64_t sequence = executions_.load(std::memory_order_relaxed);
  nrt_emulator_execution_t& record = history_[sequence % kKeptExecutions];
  record.sequence = sequence;
  record.submit_ns = ticket->submit;
  record.start_ns = ticket->start;
  record.end_ns = ticket->end;
  record.service_ns = ticket->service;
  record.batch = work.batch;
  record.sequence_length = work.sequence_length;
  busy_nanos_.fetch_add(ticket->end - ticket->start, std::memory_order_relaxed);
  executions_.store(sequence + 1, std::memory_order_release);
}

nrt::NRT_STATUS Core::End(const Work& work, const Ticket& ticket, nrt::NRT_STATUS status) {
  WaitUntil(std::min(ticket.end, ticket.deadline), config_.timing.spin_nanos);
  queued_.fetch_sub(1, std::memory_order_relaxed);
  if (ticket.timed_out || ticket.end > ticket.deadline) return nrt::NRT_TIMEOUT;
  if (status != nrt::NRT_SUCCESS) return status;
  if (work.fault.status == nrt::NRT_EXEC_UNIT_UNRECOVERABLE) {
    Kill();
    Log(LogLevel::kError, "core %d died by plan; it stays dead until nrt_close", index_);
  }
  // The core failed before this execution ended, so it fails too, even if its caller wakes up late.
  return ticket.end >= dies_at_.load(std::memory_order_relaxed)
             ? nrt::NRT_EXEC_UNIT_UNRECOVERABLE
             : work.fault.status;
}

void Core::Transfer(nrt_emulator_direction direction, uint64_t bytes) {
  calls_[direction].fetch_add(1, std::memory_order_relaxed);
  bytes_[direction].fetch_add(bytes, std::memory_order_relaxed);
  const TransferTiming& timing =
      direction == NRT_EMULATOR_WRITE ? config_.timing.write : config_.timing.read;
  const int64_t cost = timing.nanos_per_call +
                       static_cast<int64_t>(timing.nanos_per_byte * static_cast<double>(bytes));
  if (cost == 0) return;
  TransferQueue& queue = queues_[config_.generation.separate_transfer_queues ? direction : 0];
  int64_t end;
  {
    const std::lock_guard<std::mutex> lock(queue.mutex);
    end = queue.timeline.StartOf(NowNanos()) + cost;
    queue.timeline.OccupyUntil(end);
  }
  WaitUntil(end, config_.timing.spin_nanos);
}

size_t Core::CopyExecutions(nrt_emulator_execution_t* records, size_t capacity) {
  const std::lock_guard<FairMutex> turn(compute_turn_);
  const uint64_t executions = executions_.load(std::memory_order_relaxed);
  const size_t kept = std::min<uint64_t>({executions, kKeptExecutions, capacity});
  for (size_t i = 0; i < kept; ++i) {
    records[i] = history_[(executions - kept + i) % kKeptExecutions];
  }
  return kept;
}

nrt_emulator_core_t Core::Totals() const {
  nrt_emulator_core_t totals = {};
  totals.instance_core = instance_core_;
  totals.dead = dead() ? 1 : 0;
  totals.writes = calls_[NRT_EMULATOR_WRITE].load(std::memory_order_relaxed);
  totals.reads = calls_[NRT_EMULATOR_READ].load(std::memory_order_relaxed);
  totals.bytes_written = bytes_[NRT_EMULATOR_WRITE].load(std::memory_order_relaxed);
  totals.bytes_read = bytes_[NRT_EMULATOR_READ].load(std::memory_order_relaxed);
  totals.executions = executions_.load(std::memory_order_acquire);
  totals.busy_ns = busy_nanos_.load(std::memory_order_relaxed);
  return totals;
}

}  // namespace neuron_embed::emulator
