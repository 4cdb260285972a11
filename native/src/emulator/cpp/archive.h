// Reads the members of a tar archive, plain or gzip-compressed, one after the other. It checks
// sizes, checksums and the compressed stream. It allocates memory only for bytes that the archive
// really contains.

#ifndef NEURON_EMBED_EMULATOR_ARCHIVE_H_
#define NEURON_EMBED_EMULATOR_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace neuron_embed::emulator {

class ByteSource;

class Archive {
 public:
  // The caller keeps `bytes`, which must outlive the archive.
  Archive(const uint8_t* bytes, size_t size);
  ~Archive();

  enum class Next { kMember, kEnd, kCorrupt };

  // Goes to the next regular file. *name has no leading "./".
  Next Advance(std::string* name, uint64_t* size);

  // Reads the whole current member. False if the archive ends within it or it has more than `limit`
  // bytes. At most once per member.
  bool Read(uint64_t limit, std::vector<uint8_t>* contents);

 private:
  bool Skip(uint64_t bytes);

  std::unique_ptr<ByteSource> source_;
  uint64_t unread_ = 0;   // bytes of the current member
  uint64_t padding_ = 0;  // bytes after it
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_ARCHIVE_H_
