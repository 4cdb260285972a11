#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

#include "encoder/error.h"
#include "encoder/prepared_file.h"

namespace neuron_embed::encoder {
namespace {

// A file under a unique name. The destructor deletes it unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target) : target_(target) {
    // The process id alone is not unique: several threads, or containers that share the folder, may
    // write at once.
    static std::atomic<unsigned> counter{0};
    do {
      path_ = target + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) + ".part";
      fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (fd_ < 0 && errno == EEXIST);
    if (fd_ < 0) Fail("cannot be written");
  }
  ~TemporaryFile() {
    if (fd_ >= 0) close(fd_);
    if (!renamed_) unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void Write(const uint8_t* bytes, size_t size) {
    while (size > 0) {
      const ssize_t written = write(fd_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) Fail("cannot be written");
      bytes += written;
      size -= static_cast<size_t>(written);
    }
    if (fsync(fd_) != 0) Fail("cannot be written");
  }
  void Rename() {
    if (rename(path_.c_str(), target_.c_str()) != 0) Fail("cannot be renamed");
    renamed_ = true;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) {
    const int error = errno;
    throw EncoderError(EncoderErrorKind::kFile,
                       target_ + ": " + what + ": " + std::generic_category().message(error));
  }

  std::string target_;
  std::string path_;
  int fd_ = -1;
  bool renamed_ = false;
};

// Writes the rename to the disk. Not every file system supports this; the file is complete in any
// case.
void SyncFolder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : (slash == 0 ? "/" : path.substr(0, slash));
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

void WriteWhole(const std::string& path, const uint8_t* bytes, size_t size) {
  TemporaryFile file(path);
  file.Write(bytes, size);
  file.Rename();
  SyncFolder(path);
}

}  // namespace neuron_embed::encoder
