// A file mapped read-only, for the encoder's two kinds of files.

#ifndef NEURON_EMBED_ENCODER_MAPPED_BYTES_H_
#define NEURON_EMBED_ENCODER_MAPPED_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace neuron_embed::encoder {

class MappedBytes {
 public:
  // Throws EncoderError(kFile) if `path` is not a readable regular file. An empty one has size 0.
  explicit MappedBytes(const std::string& path);
  ~MappedBytes();

  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_MAPPED_BYTES_H_
