// Many threads at once: correct use must work, and misuse must be reported. Also for
// ThreadSanitizer.

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "emulator_test.h"
#include "gate.h"

namespace neuron_embed::emulator {
namespace {

using ConcurrencyTest = EmulatorTest;

TEST_F(ConcurrencyTest, SlotsNeverMixUp) {
  Start(R"("cores": 4)");
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  std::vector<nrt::nrt_model_t*> models;
  for (int core = 0; core < 4; ++core) models.push_back(LoadModel(neff, core));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const int core = i % 4;
      ToySlot slot(models[static_cast<size_t>(core)], spec, core);
      const std::vector<int32_t> mask = FullMask(spec);
      for (int j = 0; j < 200; ++j) {
        const std::vector<int32_t> ids = SomeIds(spec, 1000 * i + j);
        EXPECT_EQ(slot.Write(ids, mask), nrt::NRT_SUCCESS);
        EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
        EXPECT_EQ(slot.Read(), nrt::NRT_SUCCESS);
        const std::vector<float> expected = HashVector(ids, mask, 1, 8, 96);
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), slot.floats.begin() + 96));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (nrt::nrt_model_t* model : models) EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
  EXPECT_EQ(Counters().executions, 1600u);
}

TEST_F(ConcurrencyTest, ObjectsComeAndGoEverywhere) {
  Start();
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 30; ++j) {
        nrt::nrt_model_t* model = LoadModel(neff, i % 2);
        {
          ToySlot slot(model, spec, i % 2);
          EXPECT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
          EXPECT_EQ(slot.Execute(), nrt::NRT_SUCCESS);
        }
        nrt::nrt_tensor_info_array_t* infos = nullptr;
        EXPECT_EQ(nrt_get_model_tensor_info(model, &infos), nrt::NRT_SUCCESS);
        EXPECT_EQ(nrt_free_model_tensor_info(infos), nrt::NRT_SUCCESS);
        EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Holds an execution in flight while this thread misuses the API.
class InFlightTest : public EmulatorTest {
 protected:
  void SetUp() override {
    EmulatorTest::SetUp();
    Start();
    model_ = LoadModel(ToyNeff(spec_));
    PutGate(model_, &gate_);
    slot_ = std::make_unique<ToySlot>(model_, spec_);
    ASSERT_EQ(slot_->Write(SomeIds(spec_), FullMask(spec_)), nrt::NRT_SUCCESS);
    execution_ = std::thread([this] { status_ = slot_->Execute(); });
    gate_.AwaitArrival();
  }

  // Lets the execution end and frees everything.
  void Finish() {
    gate_.Open();
    execution_.join();
    EXPECT_EQ(status_, nrt::NRT_SUCCESS);
    slot_.reset();
    EXPECT_EQ(nrt_unload(model_), nrt::NRT_SUCCESS);
  }

  const ToySpec spec_{};
  Gate gate_;
  nrt::nrt_model_t* model_ = nullptr;
  std::unique_ptr<ToySlot> slot_;
  std::thread execution_;
  nrt::NRT_STATUS status_ = nrt::NRT_FAILURE;
};

TEST_F(InFlightTest, TensorsInUseAreNotTouched) {
  int32_t word = 0;
  EXPECT_EQ(nrt_tensor_write(slot_->ids, &word, 0, 4), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_read(slot_->output, &word, 0, 4), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_tensor_memset(slot_->mask, 0, 0, 4), nrt::NRT_INVALID);
  const nrt::nrt_tensor_batch_op_t op = {0, 4, &word};
  const nrt::nrt_tensor_batch_t batch = {slot_->ids, &op, 1};
  EXPECT_EQ(nrt_tensor_write_batch(&batch, 1, true), nrt::NRT_INVALID) << "unsafe or not";
  EXPECT_EQ(nrt_tensor_attach_buffer(slot_->ids, &word, 4), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 5);
  EXPECT_EQ(nrt_tensor_read(slot_->ids, &word, 0, 4), nrt::NRT_SUCCESS) << "reading input is safe";
  Finish();
}

TEST_F(InFlightTest, OverlappingSliceIsInUseToo) {
  nrt::nrt_tensor_t* slice = nullptr;
  ASSERT_EQ(nrt_tensor_allocate_slice(slot_->ids, 8, 8, "", &slice), nrt::NRT_SUCCESS);
  EXPECT_EQ(nrt_tensor_memset(slice, 0, 0, 8), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 1);
  nrt_tensor_free(&slice);
  Finish();
}

TEST_F(InFlightTest, SetsInUseAreRefused) {
  EXPECT_EQ(slot_->Execute(), nrt::NRT_INVALID);
  EXPECT_EQ(nrt_add_tensor_to_tensor_set(slot_->inputs, "more", slot_->ids), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 2);
  Finish();
}

TEST_F(InFlightTest, TensorOfAnotherSetIsRefused) {
  nrt::nrt_tensor_set_t* inputs = NewSet({{"input0", slot_->ids}, {"input1", slot_->mask}});
  nrt::nrt_tensor_t* output = NewTensor(spec_.output_bytes());
  nrt::nrt_tensor_set_t* outputs = NewSet({{"output0", output}});
  EXPECT_EQ(nrt_execute(model_, inputs, outputs), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE, 1);
  nrt_destroy_tensor_set(&inputs);
  nrt_destroy_tensor_set(&outputs);
  nrt_tensor_free(&output);
  Finish();
}

TEST_F(InFlightTest, UnloadIsRefused) {
  EXPECT_EQ(nrt_unload(model_), nrt::NRT_INVALID);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_IN_USE, 1);
  Finish();
}

TEST_F(InFlightTest, FreesTakeEffectAfterwards) {
  nrt::nrt_tensor_t* copy = slot_->output;
  nrt_tensor_free(&slot_->output);
  nrt_destroy_tensor_set(&slot_->outputs);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_IN_SET, 1);
  ExpectMisuse(NRT_EMULATOR_MISUSE_FREE_IN_USE, 2);
  EXPECT_EQ(nrt_tensor_get_size(copy), 0u) << "the handle is dead at once";
  ExpectMisuse(NRT_EMULATOR_MISUSE_STALE_HANDLE, 1);
  EXPECT_EQ(Counters().live_tensors, 3u) << "the memory is not";
  Finish();
}

TEST_F(InFlightTest, AnotherSlotsTransfersGoOn) {
  ToySlot other(model_, spec_);
  EXPECT_EQ(other.Write(SomeIds(spec_), FullMask(spec_)), nrt::NRT_SUCCESS);
  EXPECT_EQ(other.Read(), nrt::NRT_SUCCESS);
  Finish();
}

TEST_F(InFlightTest, CloseWaits) {
  std::thread opener([this] {
    while (Runtime::Get().initialized()) std::this_thread::yield();
    gate_.Open();
  });
  nrt_close();
  opener.join();
  execution_.join();
  EXPECT_EQ(status_, nrt::NRT_SUCCESS);
  ExpectMisuse(NRT_EMULATOR_MISUSE_CLOSE_IN_USE, 1);
  ExpectMisuse(NRT_EMULATOR_MISUSE_LEAK, 6);
  slot_->ids = slot_->mask = slot_->output = nullptr;
  slot_->inputs = slot_->outputs = nullptr;
}

TEST_F(ConcurrencyTest, SharedInputsIfAllowed) {
  Start(R"("allowSharedInputs": true, "timing": {"fallback": {"baseMicros": 500}})");
  const ToySpec spec;
  nrt::nrt_model_t* model = LoadModel(ToyNeff(spec));
  {
    ToySlot slot(model, spec);
    ASSERT_EQ(slot.Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        nrt::nrt_tensor_set_t* inputs = NewSet({{"input0", slot.ids}, {"input1", slot.mask}});
        nrt::nrt_tensor_t* output = NewTensor(spec.output_bytes());
        nrt::nrt_tensor_set_t* outputs = NewSet({{"output0", output}});
        for (int j = 0; j < 10; ++j) {
          EXPECT_EQ(nrt_execute(model, inputs, outputs), nrt::NRT_SUCCESS);
        }
        nrt_destroy_tensor_set(&inputs);
        nrt_destroy_tensor_set(&outputs);
        nrt_tensor_free(&output);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(nrt_unload(model), nrt::NRT_SUCCESS);
}

// Threads misuse one slot in many ways. The statuses do not matter, but there must be no crash, no
// hang and no data race, and in the end no object may be alive.
TEST_F(ConcurrencyTest, ChaosIsContained) {
  Start();
  const ToySpec spec;
  const std::string neff = ToyNeff(spec);
  nrt::nrt_model_t* model = LoadModel(neff);
  auto slot = std::make_unique<ToySlot>(model, spec);
  ASSERT_EQ(slot->Write(SomeIds(spec), FullMask(spec)), nrt::NRT_SUCCESS);
  // Copies, because a free sets the handle's own variable to null.
  nrt::nrt_tensor_t* const ids = slot->ids;
  nrt::nrt_tensor_set_t* const inputs = slot->inputs;
  nrt::nrt_tensor_set_t* const outputs = slot->outputs;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      std::vector<int32_t> buffer(16);
      while (!stop.load()) {
        nrt_execute(model, inputs, outputs);
        nrt_tensor_read(ids, buffer.data(), 0, 64);
        nrt_tensor_get_size(ids);
        nrt_add_tensor_to_tensor_set(inputs, "input0", ids);
      }
    });
  }
  for (int i = 0; i < 50; ++i) std::this_thread::yield();
  slot.reset();
  while (nrt_unload(model) == nrt::NRT_INVALID) std::this_thread::yield();
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  for (uint32_t kind = 0; kind < NRT_EMULATOR_MISUSE_KINDS; ++kind) {
    const auto misuse = static_cast<nrt_emulator_misuse_kind>(kind);
    ExpectMisuse(misuse, Misuse(misuse));
  }
}

}  // namespace
}  // namespace neuron_embed::emulator
