#include "emulator_test.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace neuron_embed::emulator {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "emulator-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

ScopedVariable::ScopedVariable(const char* name, const char* value) : name_(name) {
  const char* before = std::getenv(name);
  was_set_ = before != nullptr;
  if (was_set_) before_ = before;
  if (value != nullptr) {
    setenv(name, value, 1);
  } else {
    unsetenv(name);
  }
}

ScopedVariable::~ScopedVariable() {
  if (was_set_) {
    setenv(name_.c_str(), before_.c_str(), 1);
  } else {
    unsetenv(name_.c_str());
  }
}

void EmulatorTest::SetUp() {
  // Only the tests set these variables, not the environment.
  for (const char* name : {"NRT_EMULATOR_CONFIG", "NEURON_RT_VISIBLE_CORES", "NEURON_RT_NUM_CORES",
                           "NEURON_RT_EXEC_TIMEOUT", "NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS",
                           "NEURON_RT_XU_COMPUTE_MAX_QUEUED_REQUESTS", "NEURON_RT_INSPECT_ENABLE",
                           "NEURON_RT_INSPECT_DEVICE_PROFILE"}) {
    unsetenv(name);
  }
  nrt_emulator_reset_counters();
}

void EmulatorTest::TearDown() {
  uint32_t visible = 0;
  nrt::nrt_vnc_memory_stats_t stats;
  size_t filled = 0;
  if (nrt_get_visible_nc_count(&visible) == nrt::NRT_SUCCESS) {
    const uint64_t before = Misuse(NRT_EMULATOR_MISUSE_STATE);
    if (nrt_get_vnc_memory_stats(0, &stats, sizeof(stats), &filled) == nrt::NRT_SUCCESS) {
      EXPECT_EQ(stats.bytes_used, 0u) << "device memory is still taken";
      nrt_close();
    }
    expected_[NRT_EMULATOR_MISUSE_STATE] += Misuse(NRT_EMULATOR_MISUSE_STATE) - before;
  }
  const nrt_emulator_counters_t counters = Counters();
  EXPECT_EQ(counters.live_models, 0u);
  EXPECT_EQ(counters.live_tensors, 0u);
  EXPECT_EQ(counters.live_tensor_sets, 0u);
  EXPECT_EQ(counters.live_tensor_infos, 0u);
  for (uint32_t kind = 0; kind < NRT_EMULATOR_MISUSE_KINDS; ++kind) {
    EXPECT_EQ(counters.misuse[kind], expected_[kind]) << nrt_emulator_misuse_name(kind);
  }
  nrt_emulator_configure(nullptr);
}

void EmulatorTest::Configure(const std::string& members) {
  const std::string json = R"({"lockDirectory": ")" + lock_directory() + "\"" +
                           (members.empty() ? "" : ", ") + members + "}";
  ASSERT_EQ(nrt_emulator_configure(json.c_str()), 0u) << json;
}

void EmulatorTest::Start(const std::string& members) {
  ASSERT_NO_FATAL_FAILURE(Configure(members));
  ASSERT_EQ(nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", ""), nrt::NRT_SUCCESS);
}

void EmulatorTest::Close() { nrt_close(); }

void EmulatorTest::ExpectMisuse(nrt_emulator_misuse_kind kind, uint64_t count) {
  expected_[kind] += count;
}

uint64_t EmulatorTest::Misuse(nrt_emulator_misuse_kind kind) { return Counters().misuse[kind]; }

nrt_emulator_counters_t EmulatorTest::Counters() {
  nrt_emulator_counters_t counters;
  EXPECT_EQ(nrt_emulator_get_counters(&counters, sizeof(counters)), 0u);
  return counters;
}

nrt::nrt_model_t* LoadModel(const std::string& neff, int32_t core) {
  nrt::nrt_model_t* model = nullptr;
  EXPECT_EQ(nrt_load(neff.data(), neff.size(), core, -1, &model), nrt::NRT_SUCCESS);
  return model;
}

nrt::nrt_tensor_t* NewTensor(size_t size, int core, nrt::nrt_tensor_placement_t placement) {
  nrt::nrt_tensor_t* tensor = nullptr;
  EXPECT_EQ(nrt_tensor_allocate(placement, core, size, "test", &tensor), nrt::NRT_SUCCESS);
  return tensor;
}

nrt::nrt_tensor_set_t* NewSet(
    std::initializer_list<std::pair<const char*, nrt::nrt_tensor_t*>> tensors) {
  nrt::nrt_tensor_set_t* set = nullptr;
  EXPECT_EQ(nrt_allocate_tensor_set(&set), nrt::NRT_SUCCESS);
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(nrt_add_tensor_to_tensor_set(set, name, tensor), nrt::NRT_SUCCESS);
  }
  return set;
}

ToySlot::ToySlot(nrt::nrt_model_t* model, const ToySpec& spec, int core)
    : floats(spec.output_bytes() / sizeof(float)),
      ids(NewTensor(spec.input_bytes(), core)),
      mask(NewTensor(spec.texts == 0 ? spec.input_bytes() : spec.starts_bytes(), core)),
      output(NewTensor(spec.output_bytes(), core)),
      inputs(NewSet({{"input0", ids}, {"input1", mask}})),
      outputs(NewSet({{"output0", output}})),
      model_(model),
      spec_(spec) {}

ToySlot::~ToySlot() {
  if (inputs != nullptr) nrt_destroy_tensor_set(&inputs);
  if (outputs != nullptr) nrt_destroy_tensor_set(&outputs);
  if (ids != nullptr) nrt_tensor_free(&ids);
  if (mask != nullptr) nrt_tensor_free(&mask);
  if (output != nullptr) nrt_tensor_free(&output);
}

nrt::NRT_STATUS ToySlot::Write(const std::vector<int32_t>& id_values,
                               const std::vector<int32_t>& mask_values) {
  const nrt::NRT_STATUS status =
      nrt_tensor_write(ids, id_values.data(), 0, id_values.size() * sizeof(int32_t));
  if (status != nrt::NRT_SUCCESS) return status;
  return nrt_tensor_write(mask, mask_values.data(), 0, mask_values.size() * sizeof(int32_t));
}

nrt::NRT_STATUS ToySlot::Execute() { return nrt_execute(model_, inputs, outputs); }

nrt::NRT_STATUS ToySlot::Read() {
  return nrt_tensor_read(output, floats.data(), 0, spec_.output_bytes());
}

std::vector<int32_t> SomeIds(const ToySpec& spec, int32_t seed) {
  std::vector<int32_t> ids(size_t{spec.batch} * spec.sequence_length);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<int32_t>((i + 1 + 37 * static_cast<size_t>(seed)) % 1000);
  }
  return ids;
}

std::vector<int32_t> FullMask(const ToySpec& spec) {
  return std::vector<int32_t>(size_t{spec.batch} * spec.sequence_length, 1);
}

namespace {

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<float> HashVector(const std::vector<int32_t>& ids, const std::vector<int32_t>& mask,
                              size_t row, size_t sequence_length, size_t hidden_size) {
  constexpr uint64_t kG = 0x9E3779B97F4A7C15u;
  uint64_t sum = 0;
  for (size_t p = 0; p < sequence_length; ++p) {
    if (mask[row * sequence_length + p] == 0) continue;
    sum += Mix(static_cast<uint64_t>(ids[row * sequence_length + p]) + (uint64_t{p} << 32) + kG);
  }
  const uint64_t hash = Mix(sum);
  const auto magnitude = static_cast<float>(1.0 / std::sqrt(static_cast<double>(hidden_size)));
  std::vector<float> vector(hidden_size);
  for (size_t j = 0; j < hidden_size; ++j) {
    const bool negative = ((Mix(hash + (j / 64 + 1) * kG) >> (j % 64)) & 1) != 0;
    vector[j] = negative ? -magnitude : magnitude;
  }
  return vector;
}

}  // namespace neuron_embed::emulator
