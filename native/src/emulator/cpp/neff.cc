#include "neff.h"

#include <cinttypes>
#include <nlohmann/json.hpp>

#include "archive.h"
#include "format.h"

namespace neuron_embed::emulator {

namespace {

constexpr size_t kHeaderBytes = 1024;
constexpr uint64_t kMaxMajorVersion = 2;
constexpr uint64_t kMaxJsonBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxOnnxBytes = uint64_t{16} << 30;
constexpr char kTarget[] = "sunda";  // NeuronCore-v2

// Offsets of the little-endian header fields that the emulator checks.
constexpr size_t kPackageVersionAt = 0;
constexpr size_t kHeaderSizeAt = 8;
constexpr size_t kDataSizeAt = 16;
constexpr size_t kMajorAt = 24;
constexpr size_t kFeatureBitsAt = 544;
constexpr size_t kLncSizeAt = 552;

template <typename Integer>
Integer FieldAt(const uint8_t* header, size_t offset) {
  Integer value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value = static_cast<Integer>(value | (static_cast<Integer>(header[offset + i]) << (8 * i)));
  }
  return value;
}

nrt::NRT_STATUS CheckHeader(const uint8_t* bytes, size_t size, const Generation& generation,
                            uint64_t* data_size, std::string* error) {
  if (size < kHeaderBytes) {
    *error = Format("%zu bytes are fewer than a NEFF header's 1024", size);
    return nrt::NRT_INVALID;
  }
  const auto package_version = FieldAt<uint64_t>(bytes, kPackageVersionAt);
  const auto header_size = FieldAt<uint64_t>(bytes, kHeaderSizeAt);
  *data_size = FieldAt<uint64_t>(bytes, kDataSizeAt);
  if (header_size != kHeaderBytes || package_version < 1 || package_version > 2) {
    *error = Format("not a NEFF: header size %" PRIu64 ", package version %" PRIu64, header_size,
                    package_version);
    return nrt::NRT_INVALID;
  }
  if (*data_size > size - kHeaderBytes) {
    *error = Format("truncated: the header announces %" PRIu64 " payload bytes, %zu are there",
                    *data_size, size - kHeaderBytes);
    return nrt::NRT_INVALID;
  }
  const auto major = FieldAt<uint64_t>(bytes, kMajorAt);
  if (major > kMaxMajorVersion) {
    *error = Format("NEFF version %" PRIu64 " is newer than the supported 2", major);
    return nrt::NRT_UNSUPPORTED_NEFF_VERSION;
  }
  const auto features = FieldAt<uint64_t>(bytes, kFeatureBitsAt);
  if ((features & ~generation.feature_bits) != 0) {
    *error = Format("feature bits 0x%" PRIx64 " are not all supported; supported: 0x%" PRIx64,
                    features, generation.feature_bits);
    return nrt::NRT_UNSUPPORTED_NEFF_VERSION;
  }
  const auto lnc_size = FieldAt<uint32_t>(bytes, kLncSizeAt);
  if (lnc_size > 1) {
    *error =
        Format("compiled for logical cores of %u NeuronCores, which inf2 does not have", lnc_size);
    return generation.target_mismatch;
  }
  return nrt::NRT_SUCCESS;
}

bool IsKelf(const std::string& name) {
  return name.compare(0, 5, "kelf-") == 0 && name.size() > 10 &&
         name.compare(name.size() - 5, 5, ".json") == 0;
}

nrt::NRT_STATUS CheckTarget(const std::vector<uint8_t>& kelf, const Generation& generation,
                            std::string* error) {
  const nlohmann::json value = nlohmann::json::parse(kelf, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("target") || !value["target"].is_string()) {
    *error = "a kelf-*.json names no target";
    return nrt::NRT_INVALID;
  }
  const std::string target = value["target"].get<std::string>();
  if (target == kTarget || target == "*") return nrt::NRT_SUCCESS;
  *error = "compiled for target " + target.substr(0, 64) + ", the emulated cores are " + kTarget;
  return generation.target_mismatch;
}

}  // namespace

nrt::NRT_STATUS ReadNeff(const uint8_t* bytes, size_t size, const Generation& generation,
                         Neff* neff, std::string* error) {
  uint64_t data_size = 0;
  const nrt::NRT_STATUS header = CheckHeader(bytes, size, generation, &data_size, error);
  if (header != nrt::NRT_SUCCESS) return header;

  Archive archive(bytes + kHeaderBytes, data_size);
  bool has_graph = false;
  bool has_kelf = false;
  bool has_spec = false;
  std::vector<uint8_t> contents;
  for (;;) {
    std::string name;
    uint64_t member_size = 0;
    const Archive::Next next = archive.Advance(&name, &member_size);
    if (next == Archive::Next::kEnd) break;
    if (next == Archive::Next::kCorrupt) {
      *error = "the payload is not a complete tar archive, plain or gzip";
      return nrt::NRT_INVALID;
    }
    const bool is_spec = name == "emulated/emulated.json";
    const bool is_onnx = name == "emulated/model.onnx";
    has_graph = has_graph || name == "neff.json";
    if (!is_spec && !is_onnx && !IsKelf(name)) continue;
    if (!archive.Read(is_onnx ? kMaxOnnxBytes : kMaxJsonBytes, is_onnx ? &neff->onnx : &contents)) {
      *error = "the payload's member " + name + " is truncated or too large";
      return nrt::NRT_INVALID;
    }
    if (IsKelf(name)) {
      has_kelf = true;
      const nrt::NRT_STATUS target = CheckTarget(contents, generation, error);
      if (target != nrt::NRT_SUCCESS) return target;
    }
    if (is_spec) {
      has_spec = true;
      if (!ParseModelSpec(contents.data(), contents.size(), &neff->spec, error)) {
        *error = "emulated/emulated.json: " + *error;
        return nrt::NRT_INVALID;
      }
    }
  }
  if (!has_graph || !has_kelf) {
    *error = has_graph ? "the payload has no kelf-*.json" : "the payload has no neff.json";
    return nrt::NRT_INVALID;
  }
  if (!has_spec) {
    *error =
        "it holds NeuronCore code and no emulated/ members: the emulator runs emulated NEFFs only";
    return nrt::NRT_UNSUPPORTED_NEFF_VERSION;
  }
  if ((neff->spec.compute == ComputeKind::kOnnx) != !neff->onnx.empty()) {
    *error = neff->onnx.empty() ? "emulated/model.onnx is missing"
                                : "emulated/model.onnx is there, but compute is not onnx";
    return nrt::NRT_INVALID;
  }
  return nrt::NRT_SUCCESS;
}

}  // namespace neuron_embed::emulator
