// Measures the time that a slot's execution adds to its libnrt calls. It runs on the emulator with
// a service time of zero, so that only the host's time is left. Emulated figures: they show nothing
// about a device.
//
// For each input path there are three cases: `bare` runs only the libnrt calls, `slot` runs
// ExecutionSlot::Execute, `capi` adds the C interface. The differences are the cost of this
// project's code. Compare medians:
//   execution_slot_benchmark --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "capi/neuron_capi.h"
#include "core/execution_slot.h"
#include "emulated_neff.h"

namespace neuron_embed::testing {
namespace {

void Require(bool condition, const std::string& what) {
  if (!condition) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
  }
}

using Memory = std::unique_ptr<unsigned char, decltype(&std::free)>;

Memory Allocate(size_t size) {
  auto* memory = static_cast<unsigned char*>(std::aligned_alloc(PageSize(), size));
  Require(memory != nullptr, "no memory");
  std::memset(memory, 0, size);
  return Memory(memory, &std::free);
}

// A request of bge-small's size, the same as in the Java benchmark: 1 x 256 tokens, 384 elements.
NeffOptions Options() {
  NeffOptions options;
  options.sequence_length = 256;
  options.hidden_size = 384;
  return options;
}

struct World {
  const nrt::NrtLibrary* library = nullptr;
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<Model> model;
  Memory input{nullptr, &std::free};
  Memory output{nullptr, &std::free};

  World() {
    std::string tried;
    library = nrt::NrtLibrary::Open(NEURON_EMBED_TEST_EMULATOR, &tried);
    Require(library != nullptr && library->emulated(), tried);
    Require(library->emulator().nrt_emulator_configure(
                R"({"lockDirectory":"","runtime":{"attachedBuffers":"copy"}})") == 0,
            "the emulator refuses its configuration");
    runtime = Runtime::Open(*library, {});
    const NeffFile neff(Options());
    model = Model::Load(runtime, neff.path(), 0);
    input = Allocate(model->input_layout().size);
    output = Allocate(model->output_layout().size);
  }
};

void Bare(benchmark::State& state, InputPath path) {
  const World world;
  const nrt::NrtApi& api = world.library->api();
  const Model& model = *world.model;
  // The same libnrt calls on the same kind of tensors, without the slot.
  std::vector<DeviceTensor> tensors;
  std::vector<nrt::nrt_tensor_batch_op_t> ops;
  std::vector<nrt::nrt_tensor_batch_t> batches;
  TensorSet in(*world.runtime, 0);
  TensorSet out(*world.runtime, 0);
  const RegionLayout& layout = model.input_layout();
  if (path == InputPath::kSlices) {
    tensors.push_back(DeviceTensor::Allocate(*world.runtime, nrt::NRT_TENSOR_PLACEMENT_DEVICE, 0,
                                             layout.size, "inputs"));
  }
  const size_t first = tensors.size();
  tensors.reserve(first + model.inputs().size() + 1);
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const TensorInfo& info = model.inputs()[i];
    unsigned char* memory = world.input.get() + layout.offsets[i];
    if (path == InputPath::kSlices) {
      tensors.push_back(DeviceTensor::Slice(tensors[0], layout.offsets[i], info.size, info.name));
    } else if (path == InputPath::kAttached) {
      tensors.push_back(DeviceTensor::Attach(*world.runtime, 0, memory, info.size, info.name));
    } else {
      tensors.push_back(DeviceTensor::Allocate(*world.runtime,
                                               path == InputPath::kHost
                                                   ? nrt::NRT_TENSOR_PLACEMENT_HOST
                                                   : nrt::NRT_TENSOR_PLACEMENT_DEVICE,
                                               0, info.size, info.name));
    }
    in.Add(info.name, tensors.back());
    ops.push_back({0, info.size, memory});
  }
  for (size_t i = 0; i < ops.size(); ++i) batches.push_back({tensors[first + i].get(), &ops[i], 1});
  const TensorInfo& result = model.outputs()[0];
  tensors.push_back(DeviceTensor::Allocate(*world.runtime, nrt::NRT_TENSOR_PLACEMENT_DEVICE, 0,
                                           result.size, result.name));
  out.Add(result.name, tensors.back());
  nrt::nrt_tensor_t* const output = tensors.back().get();

  for (auto _ : state) {
    uint32_t failed = 0;
    switch (path) {
      case InputPath::kWriteBatch:
        failed |= api.nrt_tensor_write_batch(batches.data(), batches.size(), false);
        break;
      case InputPath::kWrite:
      case InputPath::kHost:
        for (size_t i = 0; i < ops.size(); ++i) {
          failed |= api.nrt_tensor_write(tensors[first + i].get(), ops[i].buffer, 0, ops[i].size);
        }
        break;
      case InputPath::kSlices:
        failed |= api.nrt_tensor_write(tensors[0].get(), world.input.get(), 0, layout.size);
        break;
      case InputPath::kAttached:
        break;
    }
    failed |= api.nrt_execute(model.get(), in.get(), out.get());
    failed |= api.nrt_tensor_read(output, world.output.get(), 0, result.size);
    if (failed != 0) state.SkipWithError("libnrt failed");
  }
}

void Slot(benchmark::State& state, InputPath path) {
  const World world;
  ExecutionSlot slot(world.model, path, {world.input.get(), world.output.get(), nullptr});
  Require(slot.input_path() == path, slot.input_path_reason());
  for (auto _ : state) slot.Execute();
}

void Capi(benchmark::State& state, InputPath path) {
  World world;
  world.model.reset();
  world.runtime.reset();
  neuron_status status;
  const NeffFile neff(Options());
  const neuron_library* library = neuron_library_open(NEURON_EMBED_TEST_EMULATOR, &status);
  neuron_runtime* runtime = neuron_runtime_open(library, nullptr, &status);
  Require(runtime != nullptr, status.message);
  neuron_model* model = neuron_model_load(runtime, neff.path().c_str(), 0, &status);
  Require(model != nullptr, status.message);
  neuron_stage_times times;
  neuron_slot_memory memory{world.input.get(), neuron_model_get_region_size(model, NEURON_INPUT),
                            world.output.get(), neuron_model_get_region_size(model, NEURON_OUTPUT),
                            &times};
  neuron_slot* slot = neuron_slot_create(model, static_cast<int32_t>(path), &memory, &status);
  Require(slot != nullptr, status.message);
  for (auto _ : state) {
    if (neuron_slot_execute(slot, UINT64_MAX, &status) != NEURON_OK)
      state.SkipWithError(status.message);
  }
  neuron_slot_destroy(slot, nullptr);
  neuron_model_unload(model, nullptr);
  neuron_runtime_close(runtime, nullptr);
}

#define BENCHMARK_PATH(NAME, PATH)                    \
  BENCHMARK_CAPTURE(Bare, NAME, PATH)->UseRealTime(); \
  BENCHMARK_CAPTURE(Slot, NAME, PATH)->UseRealTime(); \
  BENCHMARK_CAPTURE(Capi, NAME, PATH)->UseRealTime()
BENCHMARK_PATH(write_batch, InputPath::kWriteBatch);
BENCHMARK_PATH(write, InputPath::kWrite);
BENCHMARK_PATH(slices, InputPath::kSlices);
BENCHMARK_PATH(attached, InputPath::kAttached);
BENCHMARK_PATH(host, InputPath::kHost);

}  // namespace
}  // namespace neuron_embed::testing

BENCHMARK_MAIN();
