// Handles that are not pointers. A handle contains the number of a slot and the generation of the
// object in it. So the table recognises a freed, foreign or invented handle without dereferencing
// it. A handle is not a canonical x86-64 address, so a program that dereferences one gets a fault
// at once.
//
// A caller uses an object through a pin, which keeps the object in memory. The object is deleted
// when it is retired and its last pin ends. Pinning takes one atomic operation on the object's own
// slot and no lock.

#ifndef NEURON_EMBED_EMULATOR_HANDLE_TABLE_H_
#define NEURON_EMBED_EMULATOR_HANDLE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace neuron_embed::emulator {

enum class HandleState {
  kOk,
  kBad,    // was never a handle of this table
  kStale,  // its object no longer exists
  kBusy,   // pinned in a way that excludes this use
};

template <typename T>
class HandleTable {
 public:
  // `tag` distinguishes the tables of one process; 0 to 15.
  explicit HandleTable(unsigned tag) : tag_(kMark | (uint64_t{tag} << kTagShift)) {}
  // No object may exist any more.
  ~HandleTable() {
    for (std::atomic<Slot*>& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept { Swap(other); }
    Pin& operator=(Pin&& other) noexcept {
      Pin(std::move(other)).Swap(*this);
      return *this;
    }
    ~Pin() { Release(); }

    void Release() {
      if (table_ == nullptr) return;
      table_->Unpin(index_, exclusive_);
      table_ = nullptr;
      object_ = nullptr;
    }
    T* get() const { return object_; }
    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    explicit operator bool() const { return object_ != nullptr; }

   private:
    friend class HandleTable;
    Pin(HandleTable* table, uint32_t index, T* object, bool exclusive)
        : table_(table), object_(object), index_(index), exclusive_(exclusive) {}
    void Swap(Pin& other) noexcept {
      std::swap(table_, other.table_);
      std::swap(object_, other.object_);
      std::swap(index_, other.index_);
      std::swap(exclusive_, other.exclusive_);
    }

    HandleTable* table_ = nullptr;
    T* object_ = nullptr;
    uint32_t index_ = 0;
    bool exclusive_ = false;
  };

  // Takes ownership of the object. Returns 0 if the table is full.
  uint64_t Add(std::unique_ptr<T> object) {
    uint32_t index;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Reuse the slot that has been free for the longest time, so that old handles stay invalid.
      if (free_.size() > kRestingSlots || (count_ == kMaxSlots && !free_.empty())) {
        index = free_.front();
        free_.pop_front();
      } else if (count_ < kMaxSlots) {
        index = count_;
        if (index % kChunkSlots == 0) {
          chunks_[index / kChunkSlots].store(new Slot[kChunkSlots], std::memory_order_release);
        }
      } else {
        return 0;
      }
      if (index == count_) published_.store(++count_, std::memory_order_release);
    }
    Slot& slot = At(index);
    slot.object.store(object.release(), std::memory_order_relaxed);
    const uint64_t generation = slot.state.load(std::memory_order_relaxed) >> kGenerationShift;
    live_.fetch_add(1, std::memory_order_relaxed);
    slot.state.store((generation << kGenerationShift) | kLive, std::memory_order_release);
    return tag_ | (generation << kHandleGenerationShift) | index;
  }

  // A shared pin: any number at once, unless there is an exclusive one.
  Pin Acquire(uint64_t handle, HandleState* result) { return Acquire(handle, false, result); }
  // An exclusive pin: kBusy while any other pin exists; other callers get kBusy while it exists.
  Pin AcquireExclusive(uint64_t handle, HandleState* result) {
    return Acquire(handle, true, result);
  }

  // Makes the handle invalid. The last pin frees the object. *was_pinned: whether there was a pin.
  HandleState Retire(uint64_t handle, bool* was_pinned) {
    uint32_t index;
    const HandleState found = Find(handle, &index);
    if (found != HandleState::kOk) return found;
    return RetireSlot(index, Generation(handle), false, was_pinned);
  }

  // Like Retire, but returns kBusy for a pinned object and changes nothing.
  HandleState RetireIfIdle(uint64_t handle) {
    uint32_t index;
    const HandleState found = Find(handle, &index);
    if (found != HandleState::kOk) return found;
    bool was_pinned;
    return RetireSlot(index, Generation(handle), true, &was_pinned);
  }

  // Retires every object and waits until the last pin ends. Returns the number of objects.
  // *any_pinned: whether it waited for a pin.
  uint64_t RetireAll(bool* any_pinned) {
    uint64_t retired = 0;
    const uint32_t count = published_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t state = At(i).state.load(std::memory_order_acquire);
      if ((state & kLive) == 0) continue;
      bool was_pinned = false;
      if (RetireSlot(i, state >> kGenerationShift, false, &was_pinned) == HandleState::kOk) {
        ++retired;
        *any_pinned = *any_pinned || was_pinned;
      }
    }
    while (live_.load(std::memory_order_acquire) != 0) {
      *any_pinned = true;
      std::this_thread::yield();
    }
    return retired;
  }

  // Calls visit(object) for each live object, with a pin on it.
  template <typename Visit>
  void ForEach(Visit visit) {
    const uint32_t count = published_.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < count; ++i) {
      const uint64_t state = At(i).state.load(std::memory_order_acquire);
      if ((state & kLive) == 0) continue;
      HandleState result;
      const Pin pin =
          Acquire(tag_ | ((state >> kGenerationShift) << kHandleGenerationShift) | i, &result);
      if (pin) visit(*pin);
    }
  }

  // The number of objects, including retired ones that are still pinned.
  uint64_t live() const { return live_.load(std::memory_order_relaxed); }

 private:
  // A handle has 16 bits of mark and tag, 24 of generation, 24 of slot.
  static constexpr uint64_t kMark = uint64_t{0x4E60} << 48;
  static constexpr unsigned kTagShift = 48;
  static constexpr unsigned kHandleGenerationShift = 24;
  static constexpr uint64_t kField = 0xFFFFFF;
  // A slot's state has 24 bits of generation, then live, exclusive and the number of pins.
  static constexpr unsigned kGenerationShift = 32;
  static constexpr uint64_t kLive = uint64_t{1} << 31;
  static constexpr uint64_t kExclusive = uint64_t{1} << 30;
  static constexpr uint64_t kPins = kExclusive - 1;

  static constexpr uint32_t kChunkSlots = 1024;
  static constexpr uint32_t kMaxSlots = 1u << 20;
  static constexpr size_t kRestingSlots = 256;

  struct alignas(64) Slot {  // a cache line of its own, to avoid false sharing
    std::atomic<uint64_t> state{0};
    std::atomic<T*> object{nullptr};
  };

  static uint64_t Generation(uint64_t handle) {
    return (handle >> kHandleGenerationShift) & kField;
  }

  Slot& At(uint32_t index) {
    return chunks_[index / kChunkSlots].load(std::memory_order_acquire)[index % kChunkSlots];
  }

  HandleState Find(uint64_t handle, uint32_t* index) const {
    *index = static_cast<uint32_t>(handle & kField);
    if ((handle & ~((uint64_t{1} << kTagShift) - 1)) != tag_ ||
        *index >= published_.load(std::memory_order_acquire)) {
      return HandleState::kBad;
    }
    return HandleState::kOk;
  }

  Pin Acquire(uint64_t handle, bool exclusive, HandleState* result) {
    uint32_t index;
    *result = Find(handle, &index);
    if (*result != HandleState::kOk) return Pin();
    Slot& slot = At(index);
    uint64_t state = slot.state.load(std::memory_order_relaxed);
    for (;;) {
      if ((state >> kGenerationShift) != Generation(handle) || (state & kLive) == 0) {
        *result = HandleState::kStale;
        return Pin();
      }
      if ((state & kExclusive) != 0 || (exclusive && (state & kPins) != 0)) {
        *result = HandleState::kBusy;
        return Pin();
      }
      const uint64_t wanted = (state + 1) | (exclusive ? kExclusive : 0);
      if (slot.state.compare_exchange_weak(state, wanted, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
        return Pin(this, index, slot.object.load(std::memory_order_relaxed), exclusive);
      }
    }
  }

  void Unpin(uint32_t index, bool exclusive) {
    Slot& slot = At(index);
    const uint64_t before =
        slot.state.fetch_sub(exclusive ? kExclusive + 1 : 1, std::memory_order_acq_rel);
    if ((before & kLive) == 0 && (before & kPins) == 1) Reclaim(index);
  }

  HandleState RetireSlot(uint32_t index, uint64_t generation, bool only_idle, bool* was_pinned) {
    Slot& slot = At(index);
    uint64_t state = slot.state.load(std::memory_order_relaxed);
    for (;;) {
      if ((state >> kGenerationShift) != generation || (state & kLive) == 0) {
        return HandleState::kStale;
      }
      *was_pinned = (state & kPins) != 0;
      if (only_idle && *was_pinned) return HandleState::kBusy;
      if (slot.state.compare_exchange_weak(state, state & ~kLive, std::memory_order_acq_rel,
                                           std::memory_order_relaxed)) {
        if (!*was_pinned) Reclaim(index);
        return HandleState::kOk;
      }
    }
  }

  void Reclaim(uint32_t index) {
    Slot& slot = At(index);
    delete slot.object.exchange(nullptr, std::memory_order_relaxed);
    const uint64_t generation = slot.state.load(std::memory_order_relaxed) >> kGenerationShift;
    slot.state.store(((generation + 1) & kField) << kGenerationShift, std::memory_order_release);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      free_.push_back(index);
    }
    live_.fetch_sub(1, std::memory_order_release);
  }

  const uint64_t tag_;
  std::atomic<Slot*> chunks_[kMaxSlots / kChunkSlots] = {};
  std::atomic<uint32_t> published_{0};
  std::atomic<uint64_t> live_{0};
  std::mutex mutex_;
  uint32_t count_ = 0;         // guarded by mutex_
  std::deque<uint32_t> free_;  // guarded by mutex_
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_HANDLE_TABLE_H_
