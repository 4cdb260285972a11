// A file mapped read-only.

#ifndef NEURON_EMBED_CORE_MAPPED_FILE_H_
#define NEURON_EMBED_CORE_MAPPED_FILE_H_

#include <cstddef>
#include <string>

namespace neuron_embed {

// It cannot be copied or moved. The file must not shrink while it is mapped: the kernel then sends
// SIGBUS to a thread that reads it. To replace a model, rename a new file over it.
class MappedFile {
 public:
  // Throws Error(kFile) if `path` is not a readable, non-empty regular file.
  explicit MappedFile(const std::string& path);
  ~MappedFile();

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_MAPPED_FILE_H_
