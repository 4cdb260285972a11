// The bytes of tensors, and a record of the calls that use them.

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

// A range of memory of one core or of the host. A tensor and its slices share it.
class Storage {
 public:
  // Allocates memory and fills it with a pattern that is no valid token id. libnrt does not specify
  // the content of new memory, so this shows a program that relies on zeros. `core` is null for
  // host memory. Returns null if the core or this machine has too little memory.
  static std::shared_ptr<Storage> Allocate(size_t size, Core* core);
  // Uses the caller's memory, which must outlive the storage.
  static std::shared_ptr<Storage> Attach(void* buffer, size_t size);

  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  Core* core() const { return core_; }
  bool attached() const { return attached_; }
  uint64_t physical_address() const { return physical_address_; }

  // Announces work on [begin, end); EndUse ends it. Returns false if other work overlaps it and one
  // of the two writes. Two executions that read the same bytes also conflict, unless `share_reads`.
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
  std::vector<Use> uses_;  // guarded by mutex_; has reserved space, so that work does not allocate
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_STORAGE_H_
