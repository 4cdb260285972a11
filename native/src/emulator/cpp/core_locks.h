// Exclusive hold of emulated cores among the processes of this machine: one locked file per core.
// The kernel drops the locks with the process, however it ends.

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

  // Takes the cores [first, first + count) or none. False, with *error naming the holder, if one is
  // taken or the directory cannot be used. An empty `directory` locks nothing.
  bool Acquire(const std::string& directory, uint32_t first, uint32_t count, std::string* error);

  void Release();

 private:
  bool AcquireOne(const std::string& directory, uint32_t core, std::string* error);

  std::vector<int> files_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CORE_LOCKS_H_
