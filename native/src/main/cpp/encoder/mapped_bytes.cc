#include "encoder/mapped_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "encoder/error.h"

namespace neuron_embed::encoder {

MappedBytes::MappedBytes(const std::string& path) {
  const auto fail = [&path](const std::string& what) {
    return EncoderError(EncoderErrorKind::kFile, path + ": " + what);
  };
  const auto reason = [](int error) { return std::generic_category().message(error); };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw fail(reason(errno));
  struct stat status {};
  std::string problem;
  if (fstat(fd, &status) != 0) {
    problem = reason(errno);
  } else if (!S_ISREG(status.st_mode)) {
    problem = "not a regular file";
  } else if (status.st_size > 0) {
    size_ = static_cast<size_t>(status.st_size);
    // MAP_SHARED: all processes that map the file read the same pages.
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
      problem = "cannot be mapped: " + reason(errno);
    } else {
      data_ = static_cast<const uint8_t*>(mapped);
    }
  }
  close(fd);
  if (!problem.empty()) throw fail(problem);
}

MappedBytes::~MappedBytes() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace neuron_embed::encoder
