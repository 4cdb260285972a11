#include "model_spec.h"

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

namespace {

using nlohmann::json;

constexpr uint32_t kMaxDimension = 1u << 20;
constexpr size_t kMaxTensorBytes = size_t{1} << 36;

[[noreturn]] void Fail(const std::string& what) { throw std::runtime_error(what); }

void AllowKeys(const json& object, const std::string& where, const std::set<std::string>& keys) {
  if (!object.is_object()) Fail(where + " must be an object");
  for (const auto& [key, unused] : object.items()) {
    if (keys.count(key) == 0) Fail("unknown key " + key + " in " + where);
  }
}

uint32_t Dimension(const json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number_unsigned() || *value < 1 ||
      *value > kMaxDimension) {
    Fail(std::string(key) + " must be a whole number from 1 to " + std::to_string(kMaxDimension));
  }
  return value->get<uint32_t>();
}

// The value at `key`, one of the pairs' names.
template <typename Value>
Value Choice(const json& object, const char* key,
             const std::vector<std::pair<const char*, Value>>& choices) {
  const auto value = object.find(key);
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (value != object.end() && *value == name) return choice;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  Fail(std::string(key) + " must be one of: " + names);
}

std::string TensorName(const json& object) {
  const auto name = object.find("name");
  if (name == object.end() || !name->is_string() || name->get<std::string>().empty() ||
      name->get<std::string>().size() >= nrt::kTensorNameMax) {
    Fail("name must be a string of 1 to 255 bytes");
  }
  return name->get<std::string>();
}

size_t ElementBytes(Dtype dtype) { return dtype == Dtype::kBfloat16 ? 2 : 4; }

size_t BytesOf(const std::vector<uint32_t>& shape, Dtype dtype) {
  size_t bytes = ElementBytes(dtype);
  for (const uint32_t dimension : shape) {
    if (bytes > kMaxTensorBytes / dimension) Fail("a tensor has more than 64 GiB");
    bytes *= dimension;
  }
  return bytes;
}

InputSpec ReadInput(const json& value, const ModelSpec& spec) {
  AllowKeys(value, "inputs[]", {"name", "role", "dtype", "shape"});
  InputSpec input;
  input.name = TensorName(value);
  input.role = Choice<Role>(value, "role",
                            {{"input_ids", Role::kInputIds},
                             {"attention_mask", Role::kAttentionMask},
                             {"token_type_ids", Role::kTokenTypeIds},
                             {"starts", Role::kStarts},
                             {"constant", Role::kConstant}});
  if (input.role == Role::kConstant) {
    input.dtype = Choice<Dtype>(
        value, "dtype",
        {{"float32", Dtype::kFloat32}, {"bfloat16", Dtype::kBfloat16}, {"int32", Dtype::kInt32}});
    const auto shape = value.find("shape");
    if (shape == value.end() || !shape->is_array() || shape->empty() || shape->size() > 8) {
      Fail("a constant input needs a shape of 1 to 8 dimensions");
    }
    for (const json& dimension : *shape) {
      input.shape.push_back(Dimension({{"shape", dimension}}, "shape"));
    }
  } else {
    if (value.contains("shape")) Fail("only constant inputs carry a shape");
    input.dtype =
        Choice<Dtype>(value, "dtype", {{"int32", Dtype::kInt32}, {"int64", Dtype::kInt64AsInt32}});
    const uint32_t words = input.dtype == Dtype::kInt64AsInt32 ? 2 : 1;
    const uint32_t elements = input.role == Role::kStarts ? spec.texts + 1 : spec.sequence_length;
    input.shape = {spec.batch, words * elements};
  }
  input.size = BytesOf(input.shape, input.dtype);
  return input;
}

OutputSpec ReadOutput(const json& value, const ModelSpec& spec) {
  AllowKeys(value, "outputs[]", {"name", "kind", "dtype", "hiddenSize", "source"});
  OutputSpec output;
  output.name = TensorName(value);
  output.kind = Choice<OutputKind>(value, "kind",
                                   {{"pooled", OutputKind::kPooled}, {"raw", OutputKind::kRaw}});
  output.dtype =
      Choice<Dtype>(value, "dtype", {{"float32", Dtype::kFloat32}, {"bfloat16", Dtype::kBfloat16}});
  output.hidden_size = Dimension(value, "hiddenSize");
  output.shape = {spec.batch, output.hidden_size};
  if (output.kind == OutputKind::kRaw) {
    if (spec.packed()) Fail("the outputs of a packed model are pooled");
    output.shape = {spec.batch, spec.sequence_length, output.hidden_size};
  } else if (spec.packed()) {
    output.shape = {spec.batch, spec.texts, output.hidden_size};
  }
  output.size = BytesOf(output.shape, output.dtype);
  const auto source = value.find("source");
  if (source != value.end()) {
    if (!source->is_string()) Fail("source must be a string");
    output.source = source->get<std::string>();
  }
  return output;
}

const json& NonEmptyArray(const json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_array() || value->empty() || value->size() > 4096) {
    Fail(std::string(key) + " must be an array of 1 to 4096 tensors");
  }
  return *value;
}

ModelSpec Read(const json& value) {
  AllowKeys(value, "emulated.json",
            {"format", "batch", "sequenceLength", "texts", "inputs", "outputs", "compute",
             "vocabularySize", "padTokenId"});
  if (!value.contains("format") || value["format"] != 1) {
    Fail("format must be 1, the only one that this emulator knows");
  }
  ModelSpec spec = {};
  spec.batch = Dimension(value, "batch");
  spec.sequence_length = Dimension(value, "sequenceLength");
  if (value.contains("texts")) spec.texts = Dimension(value, "texts");
  spec.compute = Choice<ComputeKind>(value, "compute",
                                     {{"hash", ComputeKind::kHash}, {"onnx", ComputeKind::kOnnx}});
  for (const char* key : {"vocabularySize", "padTokenId"}) {
    const auto number = value.find(key);
    if (number == value.end()) continue;
    if (!number->is_number_unsigned() || *number > INT32_MAX) {
      Fail(std::string(key) + " must be a whole number from 0 to 2147483647");
    }
  }
  spec.vocabulary_size = value.value("vocabularySize", uint64_t{0});
  spec.pad_token_id = value.value("padTokenId", int64_t{0});
  std::set<std::string> names;
  std::set<Role> roles;
  for (const json& entry : NonEmptyArray(value, "inputs")) {
    spec.inputs.push_back(ReadInput(entry, spec));
    const InputSpec& input = spec.inputs.back();
    if (!names.insert(input.name).second) Fail("two tensors are named " + input.name);
    if (input.role != Role::kConstant && !roles.insert(input.role).second) {
      Fail("two inputs have the role of " + input.name);
    }
  }
  if (roles.count(Role::kInputIds) == 0) Fail("no input has the role input_ids");
  if (spec.packed() != (roles.count(Role::kStarts) != 0)) {
    Fail("an input of role starts and texts belong together");
  }
  if (spec.packed() && roles.size() != 2) {
    Fail("a packed model has no other inputs of tokens than input_ids and starts");
  }
  for (const json& entry : NonEmptyArray(value, "outputs")) {
    spec.outputs.push_back(ReadOutput(entry, spec));
    if (!names.insert(spec.outputs.back().name).second) {
      Fail("two tensors are named " + spec.outputs.back().name);
    }
  }
  return spec;
}

}  // namespace

bool ParseModelSpec(const uint8_t* text, size_t size, ModelSpec* spec, std::string* error) {
  try {
    *spec = Read(json::parse(text, text + size));
    return true;
  } catch (const json::parse_error& e) {
    *error = "not valid JSON at byte " + std::to_string(e.byte);
  } catch (const std::exception& e) {
    *error = e.what();
  }
  return false;
}

int InputOfRole(const ModelSpec& spec, Role role) {
  for (size_t i = 0; i < spec.inputs.size(); ++i) {
    if (spec.inputs[i].role == role) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace neuron_embed::emulator
