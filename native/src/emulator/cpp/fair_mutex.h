// A mutex that serves its callers in order of arrival, as a device queue does. It spins for about a
// microsecond before it blocks, because most holders unlock within that time.

#ifndef NEURON_EMBED_EMULATOR_FAIR_MUTEX_H_
#define NEURON_EMBED_EMULATOR_FAIR_MUTEX_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "cpu_pause.h"

namespace neuron_embed::emulator {

class FairMutex {
 public:
  void lock() {
    const uint64_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < kSpins; ++i) {
      if (serving_.load(std::memory_order_acquire) == ticket) return;
      CpuPause();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1);
    turn_.wait(lock, [&] { return serving_.load() == ticket; });
    sleepers_.fetch_sub(1);
  }

  void unlock() {
    // Both sides use sequentially consistent operations: the sleeper sees the new value of
    // serving_, or this thread sees the sleeper.
    serving_.fetch_add(1);
    if (sleepers_.load() == 0) return;
    { const std::lock_guard<std::mutex> lock(mutex_); }
    turn_.notify_all();
  }

 private:
  static constexpr int kSpins = 30;

  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> serving_{0};
  std::atomic<uint32_t> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable turn_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_FAIR_MUTEX_H_
