#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/error.h"

namespace neuron_embed {
namespace {

Error FileError(const std::string& path, const std::string& what) {
  return Error(ErrorKind::kFile, path + ": " + what);
}

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw FileError(path, Reason(errno));

  struct stat status {};
  std::string problem;
  if (fstat(fd, &status) != 0) {
    problem = Reason(errno);
  } else if (!S_ISREG(status.st_mode)) {
    problem = "not a regular file";
  } else if (status.st_size == 0) {
    problem = "the file is empty";
  } else {
    size_ = static_cast<size_t>(status.st_size);
    void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) {
      problem = "cannot be mapped: " + Reason(errno);
    } else {
      data_ = mapped;
    }
  }
  close(fd);
  if (data_ == nullptr) throw FileError(path, problem);
}

MappedFile::~MappedFile() { munmap(data_, size_); }

}  // namespace neuron_embed
