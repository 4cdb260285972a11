// Creates NEFF files in memory, valid and broken ones.

#ifndef NEURON_EMBED_TEST_EMULATOR_NEFF_BUILDER_H_
#define NEURON_EMBED_TEST_EMULATOR_NEFF_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace neuron_embed::emulator {

// A ustar archive.
class TarBuilder {
 public:
  TarBuilder& Add(const std::string& name, const std::string& contents);
  // Any type of entry: '5' is a directory, 'x' an extended header.
  TarBuilder& AddEntry(char type, const std::string& name, const std::string& contents);
  std::string Build() const;  // with the two zero blocks at the end

 private:
  std::string bytes_;
};

std::string Gzip(const std::string& bytes);

// The header fields that the emulator checks; the others are zero.
struct NeffHeader {
  uint64_t package_version = 2;
  uint64_t header_size = 1024;
  uint64_t major = 2;
  uint64_t minor = 0;
  uint64_t feature_bits = 0;
  uint32_t lnc_size = 1;
};

// Header and payload.
std::string NeffContainer(const std::string& payload, const NeffHeader& header = {});

// A complete emulated NEFF with this emulated.json. If `onnx` is empty, it has no such member.
std::string EmulatedNeff(const std::string& spec, const std::string& onnx = "", bool gzip = true);

// The emulated.json of a hashed model with input_ids and attention_mask, or starts if it is packed
// ("input0", "input1"), and one output ("output0").
struct ToySpec {
  uint32_t batch = 2;
  uint32_t sequence_length = 8;
  uint32_t texts = 0;  // of a packed row
  uint32_t hidden_size = 96;
  std::string input_dtype = "int32";
  std::string kind = "pooled";
  std::string output_dtype = "float32";
  std::string compute = "hash";
  uint32_t vocabulary_size = 1000;
  bool with_types = false;  // "input2"

  std::string Json() const;
  size_t input_bytes() const;  // of the ids, and of the mask
  size_t starts_bytes() const;
  size_t output_bytes() const;
};

// EmulatedNeff of ToySpec::Json.
std::string ToyNeff(const ToySpec& spec = {});

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_TEST_EMULATOR_NEFF_BUILDER_H_
