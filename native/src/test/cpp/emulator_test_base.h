// A fixture for tests of the core on the emulator. After each test, the core and the emulator may
// hold no object, and the test may not have broken a rule of libnrt.

#ifndef NEURON_EMBED_TEST_EMULATOR_TEST_BASE_H_
#define NEURON_EMBED_TEST_EMULATOR_TEST_BASE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/execution_slot.h"
#include "core/live_objects.h"
#include "core/model.h"
#include "core/runtime.h"
#include "emulated_neff.h"
#include "nrt/nrt_library.h"

namespace neuron_embed::testing {

// A slot that owns its memory.
class OwnedSlot {
 public:
  OwnedSlot(const std::shared_ptr<Model>& model, InputPath path)
      : input_(Allocate(model->input_layout().size)),
        output_(Allocate(model->output_layout().size)),
        slot_(std::make_unique<ExecutionSlot>(
            model, path, SlotMemory{input_.get(), output_.get(), &stage_times_})) {}

  ExecutionSlot& operator*() { return *slot_; }
  ExecutionSlot* operator->() { return slot_.get(); }
  const StageTimes& stage_times() const { return stage_times_; }
  unsigned char* input_region() { return input_.get(); }

  int32_t* input(size_t index) {
    return reinterpret_cast<int32_t*>(input_.get() +
                                      slot_->model().input_layout().offsets.at(index));
  }

  // Ids that depend on `seed`, a mask with `length` ones; other inputs stay as they are.
  void Fill(int32_t seed, int length) {
    const Model& model = slot_->model();
    const size_t elements = model.inputs()[0].size / sizeof(int32_t);
    for (size_t i = 0; i < elements; ++i) {
      const bool attended = i < static_cast<size_t>(length);
      input(0)[i] = attended ? (seed * 131 + static_cast<int32_t>(i)) % 30522 : 0;
      if (model.inputs().size() > 1) input(1)[i] = attended ? 1 : 0;
    }
  }

  std::vector<float> output() const {
    const TensorInfo& info = slot_->model().outputs()[0];
    std::vector<float> values(info.size / sizeof(float));
    std::memcpy(values.data(), output_.get() + slot_->model().output_layout().offsets[0],
                info.size);
    return values;
  }

  std::vector<float> Run(int32_t seed, int length = 8) {
    Fill(seed, length);
    slot_->Execute();
    return output();
  }

 private:
  using Memory = std::unique_ptr<unsigned char, decltype(&std::free)>;

  static Memory Allocate(size_t size) {
    auto* memory = static_cast<unsigned char*>(std::aligned_alloc(PageSize(), size));
    std::memset(memory, 0, size);
    return Memory(memory, &std::free);
  }

  Memory input_;
  Memory output_;
  StageTimes stage_times_{};
  std::unique_ptr<ExecutionSlot> slot_;
};

class EmulatorTestBase : public ::testing::Test {
 protected:
  // Concurrent test processes may use the same cores.
  static constexpr const char* kDefaultConfig = R"({"lockDirectory":""})";

  void SetUp() override { UseLibrary(NEURON_EMBED_TEST_EMULATOR, kDefaultConfig); }

  void TearDown() override {
    EXPECT_EQ(live_objects.runtimes, 0);
    EXPECT_EQ(live_objects.models, 0);
    EXPECT_EQ(live_objects.tensors, 0);
    EXPECT_EQ(live_objects.tensor_sets, 0);
    EXPECT_EQ(live_objects.slots, 0);
    const nrt_emulator_counters_t counters = Counters();
    EXPECT_EQ(counters.live_models, 0u);
    EXPECT_EQ(counters.live_tensors, 0u);
    EXPECT_EQ(counters.live_tensor_sets, 0u);
    EXPECT_EQ(counters.live_tensor_infos, 0u);
    EXPECT_EQ(counters.misuse_total, expected_misuse_);
  }

  void UseLibrary(const char* path, const std::string& config) {
    std::string tried;
    library_ = nrt::NrtLibrary::Open(path, &tried);
    ASSERT_NE(library_, nullptr) << tried;
    ASSERT_TRUE(library_->emulated());
    Configure(config);
    library_->emulator().nrt_emulator_reset_counters();
  }

  void Configure(const std::string& json) {
    ASSERT_EQ(library_->emulator().nrt_emulator_configure(json.c_str()), 0u) << json;
  }

  void SetFaults(const std::string& json) {
    ASSERT_EQ(library_->emulator().nrt_emulator_set_faults(json.c_str()), 0u) << json;
  }

  nrt_emulator_counters_t Counters() const {
    nrt_emulator_counters_t counters{};
    EXPECT_EQ(library_->emulator().nrt_emulator_get_counters(&counters, sizeof(counters)), 0u);
    return counters;
  }

  std::shared_ptr<Runtime> OpenRuntime(const RuntimeOptions& options = {}) {
    return Runtime::Open(*library_, options);
  }

  const nrt::NrtLibrary* library_ = nullptr;
  uint64_t expected_misuse_ = 0;
};

// The kind and message of the exception that `body` throws; kind 0 if it returns.
struct Thrown {
  int32_t kind = 0;
  nrt::NRT_STATUS status = nrt::NRT_SUCCESS;
  std::string operation;
  int core = kNoCore;
  std::string message;
};

inline Thrown Catch(const std::function<void()>& body) {
  try {
    body();
    return {};
  } catch (const NrtError& error) {
    return {static_cast<int32_t>(error.kind()), error.status(), error.operation(), error.core(),
            error.what()};
  } catch (const Error& error) {
    return {static_cast<int32_t>(error.kind()), nrt::NRT_SUCCESS, "", kNoCore, error.what()};
  }
}

inline bool Is(const Thrown& thrown, ErrorKind kind) {
  return thrown.kind == static_cast<int32_t>(kind);
}

}  // namespace neuron_embed::testing

#endif  // NEURON_EMBED_TEST_EMULATOR_TEST_BASE_H_
