#include "core_locks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "format.h"

namespace neuron_embed::emulator {

bool CoreLocks::AcquireOne(const std::string& directory, uint32_t core, std::string* error) {
  const std::string path = directory + Format("/core-%u", core);
  // Open an existing file without O_CREAT: in a shared sticky directory, the kernel may refuse
  // O_CREAT for a file of another user.
  int file = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0 && errno == ENOENT) {
    file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file >= 0) fchmod(file, 0666);
  }
  if (file < 0) {
    *error = "cannot open " + path + ": " + std::strerror(errno);
    return false;
  }
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    if (pread(file, holder, sizeof(holder) - 1, 0) <= 0) std::strcpy(holder, "unknown");
    holder[strcspn(holder, "\n")] = '\0';
    *error = Format("core %u is in use by process %s", core, holder);
    close(file);
    return false;
  }
  files_.push_back(file);
  const std::string holder = Format("%d\n", static_cast<int>(getpid()));
  if (ftruncate(file, 0) != 0 ||
      pwrite(file, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size())) {
    *error = "cannot write " + path + ": " + std::strerror(errno);
    return false;
  }
  return true;
}

bool CoreLocks::Acquire(const std::string& directory, uint32_t first, uint32_t count,
                        std::string* error) {
  if (directory.empty()) return true;
  if (mkdir(directory.c_str(), 01777) == 0) {
    chmod(directory.c_str(), 01777);  // all users of this machine share the emulated cores
  } else if (errno != EEXIST) {
    *error = "cannot make " + directory + ": " + std::strerror(errno);
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (!AcquireOne(directory, first + i, error)) {
      Release();
      return false;
    }
  }
  return true;
}

void CoreLocks::Release() {
  for (const int file : files_) close(file);
  files_.clear();
}

}  // namespace neuron_embed::emulator
