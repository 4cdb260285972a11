// A test that uses the emulator as a program does, through libnrt's functions.

#ifndef NEURON_EMBED_TEST_EMULATOR_EMULATOR_TEST_H_
#define NEURON_EMBED_TEST_EMULATOR_EMULATOR_TEST_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "exports.h"
#include "neff_builder.h"

namespace neuron_embed::emulator {

// An empty folder. The destructor deletes it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);

// Sets a variable of the environment. The destructor restores the former value.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value);  // NULL: not set
  ~ScopedVariable();
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
  std::string before_;
  bool was_set_;
};

class EmulatorTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // Closes, and checks that no object is alive and that there was only the expected misuse.
  void TearDown() override;

  // Configures with `members`, JSON members without braces ("\"cores\": 4"). Each test process
  // locks cores in its own folder.
  void Configure(const std::string& members = "");
  // Configures and initialises.
  void Start(const std::string& members = "");
  void Close();

  // The test causes this misuse `count` times.
  void ExpectMisuse(nrt_emulator_misuse_kind kind, uint64_t count);
  uint64_t Misuse(nrt_emulator_misuse_kind kind);
  nrt_emulator_counters_t Counters();

  const std::string& lock_directory() const { return locks_.path(); }

 private:
  TemporaryFolder locks_;
  std::vector<uint64_t> expected_ = std::vector<uint64_t>(NRT_EMULATOR_MISUSE_KINDS);
};

nrt::nrt_model_t* LoadModel(const std::string& neff, int32_t core = 0);
nrt::nrt_tensor_t* NewTensor(
    size_t size, int core = 0,
    nrt::nrt_tensor_placement_t placement = nrt::NRT_TENSOR_PLACEMENT_DEVICE);
nrt::nrt_tensor_set_t* NewSet(
    std::initializer_list<std::pair<const char*, nrt::nrt_tensor_t*>> tensors);

// A toy model on a core with its tensors and sets, freed in the right order.
class ToySlot {
 public:
  ToySlot(nrt::nrt_model_t* model, const ToySpec& spec, int core = 0);
  ~ToySlot();
  ToySlot(const ToySlot&) = delete;
  ToySlot& operator=(const ToySlot&) = delete;

  // `mask`: the mask, or the starts of a packed model.
  nrt::NRT_STATUS Write(const std::vector<int32_t>& ids, const std::vector<int32_t>& mask);
  nrt::NRT_STATUS Execute();
  nrt::NRT_STATUS Read();  // into floats (float32 outputs)

  std::vector<float> floats;
  nrt::nrt_tensor_t* ids;
  nrt::nrt_tensor_t* mask;
  nrt::nrt_tensor_t* output;
  nrt::nrt_tensor_set_t* inputs;
  nrt::nrt_tensor_set_t* outputs;

 private:
  nrt::nrt_model_t* model_;
  ToySpec spec_;
};

// Ids 1, 2, 3 ... shifted by `seed`, below 1000, with every mask bit set.
std::vector<int32_t> SomeIds(const ToySpec& spec, int32_t seed = 0);
std::vector<int32_t> FullMask(const ToySpec& spec);

// A second implementation of the documented hash function: the vector of one row.
std::vector<float> HashVector(const std::vector<int32_t>& ids, const std::vector<int32_t>& mask,
                              size_t row, size_t sequence_length, size_t hidden_size);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_TEST_EMULATOR_EMULATOR_TEST_H_
