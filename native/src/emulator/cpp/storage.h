// The bytes of tensors, and which calls use which of them.

#ifndef NEURON_EMBED_EMULATOR_STORAGE_H_
#define NEURON_EMBED_EMULATOR_STORAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace neuron_embed::emulator {

class Core;

enum class Access { kRead, kWrite };

// A stretch of device memory of one core, or of host memory. Shared by a tensor and its slices.
class Storage {
 public:
  // Memory of our own, filled with a pattern that is no valid token id: contents after allocation
  // are unspecified, and whoever relies on zeros shall see it. `core` is null for host memory.
  // Null if there is not that much memory, on the core or on this machine.
  static std::shared_ptr<Storage> Allocate(size_t size, Core* core);
  // The caller's memory, which outlives the storage.
  static std::shared_ptr<Storage> Attach(void* buffer, size_t size);

  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  Core* core() const { return core_; }
  bool attached() const { return attached_; }
  uint64_t physical_address() const { return physical_address_; }

  // Announces work on [begin, end). False if other work overlaps it and either writes; reads by
  // two executions at once also clash, unless `share_reads`. What was begun must be ended.
  bool BeginUse(size_t begin, size_t end, Access access, bool execution, bool share_reads);
  void EndUse(size_t begin, size_t end, Access access, bool execution);

 private:
  struct Use {
    size_t begin;
    size_t end;
    Access access;
    bool execution;
  };

  Storage(uint8_t* data, size_t size, Core* core, bool attached);

  uint8_t* const data_;
  const size_t size_;
  Core* const core_;
  const bool attached_;
  const uint64_t physical_address_;
  std::mutex mutex_;
  std::vector<Use> uses_;  // guarded by mutex_; has room for several, so work does not allocate
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_STORAGE_H_
