// The description of the model in an emulated NEFF: tensors, shape and the kind of computation
// (emulated/emulated.json, format 1; README.md describes it).

#ifndef NEURON_EMBED_EMULATOR_MODEL_SPEC_H_
#define NEURON_EMBED_EMULATOR_MODEL_SPEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace neuron_embed::emulator {

enum class Role { kInputIds, kAttentionMask, kTokenTypeIds, kStarts, kConstant };
enum class Dtype { kInt32, kInt64AsInt32, kFloat32, kBfloat16 };
enum class OutputKind { kPooled, kRaw };
enum class ComputeKind { kHash, kOnnx };

struct InputSpec {
  std::string name;
  Role role;
  Dtype dtype;
  std::vector<uint32_t> shape;  // as libnrt reports it: doubled last dimension for kInt64AsInt32
  size_t size;                  // bytes
};

struct OutputSpec {
  std::string name;
  OutputKind kind;
  Dtype dtype;
  std::vector<uint32_t> shape;  // [batch, hidden], [batch, length, hidden], [batch, texts, hidden]
  size_t size;                  // bytes
  uint32_t hidden_size;
  std::string source;  // the ONNX model's output; empty: its first
};

struct ModelSpec {
  uint32_t batch;
  uint32_t sequence_length;
  uint32_t texts;  // the maximum number of texts in a packed row; 0: a row is one text
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  ComputeKind compute;
  uint64_t vocabulary_size;  // ids at or above it are out of bounds; 0: unknown
  int64_t pad_token_id;

  bool packed() const { return texts != 0; }
};

// Parses emulated/emulated.json. On failure returns false; *error then says what is wrong.
bool ParseModelSpec(const uint8_t* json, size_t size, ModelSpec* spec, std::string* error);

// The index of the input with this role, -1 if there is none.
int InputOfRole(const ModelSpec& spec, Role role);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_MODEL_SPEC_H_
