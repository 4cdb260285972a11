// The container of a NEFF file: a little-endian header of 1024 bytes without a magic number, then
// the payload, a gzip-compressed or plain tar archive.
//
// Source: "Work with NEFF files" of the Neuron documentation. Every NEFF that we have seen passes
// the checks here. The hash is never checked, because its algorithm is not documented.

#ifndef NEURON_EMBED_CORE_NEFF_HEADER_H_
#define NEURON_EMBED_CORE_NEFF_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace neuron_embed {

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The NEFF header is read by copying it: this needs a little-endian machine"
#endif

struct NeffHeader {
  uint64_t pkg_version;  // 1 or 2
  uint64_t header_size;  // 1024
  uint64_t data_size;    // bytes of payload behind the header
  uint64_t neff_version_major;
  uint64_t neff_version_minor;
  uint8_t build_version[128];
  uint32_t num_tpb;  // NeuronCores
  uint8_t hash[32];
  uint8_t uuid[16];
  char name[256];
  uint32_t requested_tpb_count;
  uint8_t tpb_per_node[64];
  uint64_t feature_bits;
  uint32_t lnc_size;  // physical cores per logical core: 1 on inf2, 2 on trn2
  uint8_t pad[468];
};

static_assert(sizeof(NeffHeader) == 1024);
static_assert(offsetof(NeffHeader, data_size) == 16);
static_assert(offsetof(NeffHeader, neff_version_major) == 24);
static_assert(offsetof(NeffHeader, build_version) == 40);
static_assert(offsetof(NeffHeader, num_tpb) == 168);
static_assert(offsetof(NeffHeader, hash) == 172);
static_assert(offsetof(NeffHeader, uuid) == 204);
static_assert(offsetof(NeffHeader, name) == 220);
static_assert(offsetof(NeffHeader, requested_tpb_count) == 476);
static_assert(offsetof(NeffHeader, tpb_per_node) == 480);
static_assert(offsetof(NeffHeader, feature_bits) == 544);
static_assert(offsetof(NeffHeader, lnc_size) == 552);

// The newest major version that any known runtime accepts.
inline constexpr uint64_t kNeffVersionMajorMax = 2;

enum class NeffVerdict {
  kUsable,
  kNotANeff,            // header or payload is not that of a NEFF
  kTruncated,           // a NEFF header, but the payload is cut short
  kUnsupportedVersion,  // newer than kNeffVersionMajorMax
};

struct NeffCheck {
  NeffVerdict verdict;
  std::string problem;  // one clause, without the file's name; empty if usable
  NeffHeader header;    // valid for every verdict except kNotANeff
};

// Checks the container in the `size` bytes at `bytes`. Reads only the header and the first 512
// bytes of the payload.
inline NeffCheck CheckNeff(const void* bytes, size_t size) {
  NeffCheck check{NeffVerdict::kUsable, {}, {}};
  const auto reject = [&check](NeffVerdict verdict, std::string problem) {
    check.verdict = verdict;
    check.problem = std::move(problem);
    return check;
  };
  if (bytes == nullptr || size < sizeof(NeffHeader)) {
    return reject(NeffVerdict::kNotANeff,
                  "it has " + std::to_string(size) + " bytes, less than a NEFF header of 1024");
  }
  NeffHeader& header = check.header;
  std::memcpy(&header, bytes, sizeof(NeffHeader));
  if (header.header_size != sizeof(NeffHeader)) {
    return reject(NeffVerdict::kNotANeff,
                  "its header size is " + std::to_string(header.header_size) + ", not 1024");
  }
  if (header.pkg_version < 1 || header.pkg_version > 2) {
    return reject(NeffVerdict::kNotANeff,
                  "its package version is " + std::to_string(header.pkg_version) + ", not 1 or 2");
  }
  if (header.neff_version_major > kNeffVersionMajorMax) {
    return reject(NeffVerdict::kUnsupportedVersion,
                  "its NEFF version is " + std::to_string(header.neff_version_major) + "." +
                      std::to_string(header.neff_version_minor) + ", newer than " +
                      std::to_string(kNeffVersionMajorMax));
  }
  const size_t available = size - sizeof(NeffHeader);
  if (header.data_size > available) {
    return reject(NeffVerdict::kTruncated,
                  "its header promises " + std::to_string(header.data_size) +
                      " bytes of payload, the file has " + std::to_string(available));
  }
  const auto* payload = static_cast<const unsigned char*>(bytes) + sizeof(NeffHeader);
  const size_t payload_size = static_cast<size_t>(header.data_size);
  const bool gzip = payload_size >= 2 && payload[0] == 0x1f && payload[1] == 0x8b;
  const bool tar = payload_size >= 512 && std::memcmp(payload + 257, "ustar", 5) == 0;
  if (!gzip && !tar) {
    return reject(NeffVerdict::kNotANeff, "its payload is neither gzip nor tar");
  }
  return check;
}

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_NEFF_HEADER_H_
