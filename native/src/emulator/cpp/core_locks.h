// Exclusive locks on emulated cores between the processes of this machine: one locked file per
// core. The kernel releases the locks when the process ends, for any reason.

#ifndef NEURON_EMBED_EMULATOR_CORE_LOCKS_H_
#define NEURON_EMBED_EMULATOR_CORE_LOCKS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace neuron_embed::emulator {

class CoreLocks {
 public:
  CoreLocks() = default;
  ~CoreLocks() { Release(); }
  CoreLocks(const CoreLocks&) = delete;
  CoreLocks& operator=(const CoreLocks&) = delete;

  // Locks all of the cores [first, first + count), or none. Returns false if a core is locked
  // (*error then names the holder) or the directory cannot be used. An empty `directory` locks
  // nothing.
  bool Acquire(const std::string& directory, uint32_t first, uint32_t count, std::string* error);

  void Release();

 private:
  bool AcquireOne(const std::string& directory, uint32_t core, std::string* error);

  std::vector<int> files_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CORE_LOCKS_H_
