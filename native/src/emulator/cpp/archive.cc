#include "archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace neuron_embed::emulator {

namespace {

constexpr size_t kBlock = 512;

// Offsets in a ustar header.
constexpr size_t kNameLength = 100;
constexpr size_t kSizeAt = 124;
constexpr size_t kSizeLength = 12;
constexpr size_t kChecksumAt = 148;
constexpr size_t kChecksumLength = 8;
constexpr size_t kTypeAt = 156;
constexpr size_t kMagicAt = 257;
constexpr size_t kPrefixAt = 345;
constexpr size_t kPrefixLength = 155;

std::string Field(const uint8_t* block, size_t at, size_t length) {
  const char* text = reinterpret_cast<const char*>(block + at);
  return std::string(text, strnlen(text, length));
}

bool ParseOctal(const uint8_t* block, size_t at, size_t length, uint64_t* number) {
  const std::string text = Field(block, at, length);
  const size_t begin = text.find_first_not_of(' ');
  const size_t end = text.find_last_not_of(' ');
  if (begin == std::string::npos) return false;
  *number = 0;
  for (size_t i = begin; i <= end; ++i) {
    if (text[i] < '0' || text[i] > '7') return false;
    *number = *number * 8 + static_cast<uint64_t>(text[i] - '0');
  }
  return true;
}

bool ChecksumMatches(const uint8_t* block) {
  uint64_t expected = 0;
  if (!ParseOctal(block, kChecksumAt, kChecksumLength, &expected)) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksumAt && i < kChecksumAt + kChecksumLength;
    sum += inside ? uint8_t{' '} : block[i];
  }
  return sum == expected;
}

}  // namespace

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the whole buffer or returns false.
  virtual bool Read(uint8_t* buffer, size_t size) = 0;
};

namespace {

class PlainSource : public ByteSource {
 public:
  PlainSource(const uint8_t* bytes, size_t size) : bytes_(bytes), left_(size) {}

  bool Read(uint8_t* buffer, size_t size) override {
    if (size > left_) return false;
    std::memcpy(buffer, bytes_, size);
    bytes_ += size;
    left_ -= size;
    return true;
  }

 private:
  const uint8_t* bytes_;
  size_t left_;
};

class GzipSource : public ByteSource {
 public:
  GzipSource(const uint8_t* bytes, size_t size) : bytes_(bytes), left_(size) {
    std::memset(&stream_, 0, sizeof(stream_));
    constexpr int kGzipOnly = 16;
    usable_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  bool Read(uint8_t* buffer, size_t size) override {
    constexpr size_t kMost = size_t{1} << 30;  // zlib counts in unsigned int
    while (size > 0) {
      if (!usable_) return false;
      const size_t in = std::min(left_, kMost);
      const size_t out = std::min(size, kMost);
      stream_.next_in = const_cast<Bytef*>(bytes_);
      stream_.avail_in = static_cast<uInt>(in);
      stream_.next_out = buffer;
      stream_.avail_out = static_cast<uInt>(out);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const size_t consumed = in - stream_.avail_in;
      const size_t produced = out - stream_.avail_out;
      bytes_ += consumed;
      left_ -= consumed;
      buffer += produced;
      size -= produced;
      usable_ = result == Z_OK && (consumed > 0 || produced > 0);
    }
    return true;
  }

 private:
  const uint8_t* bytes_;
  size_t left_;
  z_stream stream_;
  bool usable_ = false;
};

}  // namespace

Archive::Archive(const uint8_t* bytes, size_t size) {
  if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
    source_ = std::make_unique<GzipSource>(bytes, size);
  } else {
    source_ = std::make_unique<PlainSource>(bytes, size);
  }
}

Archive::~Archive() = default;

bool Archive::Skip(uint64_t bytes) {
  uint8_t ignored[16 * kBlock];
  while (bytes > 0) {
    const size_t step = std::min<uint64_t>(bytes, sizeof(ignored));
    if (!source_->Read(ignored, step)) return false;
    bytes -= step;
  }
  return true;
}

Archive::Next Archive::Advance(std::string* name, uint64_t* size) {
  for (;;) {
    if (!Skip(unread_) || !Skip(padding_)) return Next::kCorrupt;
    unread_ = padding_ = 0;
    uint8_t block[kBlock];
    if (!source_->Read(block, sizeof(block))) return Next::kCorrupt;
    if (std::all_of(block, block + kBlock, [](uint8_t byte) { return byte == 0; })) {
      return Next::kEnd;
    }
    uint64_t length = 0;
    if (std::memcmp(block + kMagicAt, "ustar", 5) != 0 || !ChecksumMatches(block) ||
        !ParseOctal(block, kSizeAt, kSizeLength, &length)) {
      return Next::kCorrupt;
    }
    unread_ = length;
    padding_ = (kBlock - length % kBlock) % kBlock;
    const uint8_t type = block[kTypeAt];
    if (type != '0' && type != '\0') continue;  // directories, links, extended headers
    *name = Field(block, 0, kNameLength);
    const std::string prefix = Field(block, kPrefixAt, kPrefixLength);
    if (!prefix.empty() && block[kMagicAt + 5] == '\0') *name = prefix + "/" + *name;
    if (name->compare(0, 2, "./") == 0) name->erase(0, 2);
    *size = length;
    return Next::kMember;
  }
}

bool Archive::Read(uint64_t limit, std::vector<uint8_t>* contents) {
  if (unread_ > limit) return false;
  contents->clear();
  size_t step = size_t{1} << 20;
  while (unread_ > 0) {
    const size_t bytes = std::min<uint64_t>(unread_, step);
    const size_t before = contents->size();
    contents->resize(before + bytes);
    if (!source_->Read(contents->data() + before, bytes)) return false;
    unread_ -= bytes;
    step = std::min(step * 2, size_t{1} << 28);
  }
  return true;
}

}  // namespace neuron_embed::emulator
