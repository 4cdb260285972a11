// The objects behind libnrt's handles.

#ifndef NEURON_EMBED_EMULATOR_OBJECTS_H_
#define NEURON_EMBED_EMULATOR_OBJECTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "computation.h"
#include "core.h"
#include "handle_table.h"
#include "model_spec.h"
#include "nrt/nrt_abi.h"
#include "storage.h"

namespace neuron_embed::emulator {

// The content of a NEFF. Models that were loaded from the same NEFF share it.
struct Program {
  ModelSpec spec;
  std::shared_ptr<OnnxSession> session;  // null for hashed models
};

struct Model {
  Model(std::shared_ptr<const Program> program_in, Core* core_in, uint64_t device_bytes_in)
      : program(std::move(program_in)), core(core_in), device_bytes(device_bytes_in) {}
  ~Model() { core->ReturnMemory(device_bytes); }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ModelSpec& spec() const { return program->spec; }

  const std::shared_ptr<const Program> program;
  Core* const core;
  const uint64_t device_bytes;
  std::unique_ptr<Computation> computation;
  int64_t service_nanos = 0;
  int64_t timeout_nanos = 0;
  std::atomic<uint64_t> executions{0};
};

// Fields change only under an exclusive pin.
struct Tensor {
  nrt::nrt_tensor_placement_t placement = nrt::NRT_TENSOR_PLACEMENT_DEVICE;
  std::shared_ptr<Storage> storage;  // null: an empty tensor
  size_t offset = 0;                 // of a slice within the storage
  size_t size = 0;
  std::string name;
  std::atomic<uint64_t> completions{0};
  // The number of live tensor sets that contain this tensor. The sets share the counter.
  std::shared_ptr<std::atomic<uint32_t>> memberships = std::make_shared<std::atomic<uint32_t>>(0);

  Core* core() const { return storage == nullptr ? nullptr : storage->core(); }
  uint8_t* data() const { return storage->data() + offset; }
};

using ModelTable = HandleTable<Model>;
using TensorTable = HandleTable<Tensor>;

// Used only under an exclusive pin.
struct TensorSet {
  ~TensorSet() {
    for (const Entry& entry : entries) entry.memberships->fetch_sub(1, std::memory_order_relaxed);
  }

  struct Entry {
    std::string name;
    uint64_t tensor;
    std::shared_ptr<std::atomic<uint32_t>> memberships;
  };
  std::vector<Entry> entries;

  // One tensor in use by an execution.
  struct Bound {
    TensorTable::Pin tensor;
    uint8_t* data;  // what the model computes on
    bool in_use;
  };
  // The set's tensors in the order of a model's inputs or outputs. It is kept between executions,
  // which then neither compare names nor allocate.
  struct Binding {
    uint64_t model = 0;                       // handle; 0: not bound
    std::vector<uint64_t> tensors;            // handles
    std::vector<Bound> bound;                 // during an execution
    std::vector<uint8_t*> data;               // during an execution
    std::vector<std::vector<uint8_t>> twins;  // device copies of tensors that are not on the device
  };
  Binding inputs;
  Binding outputs;
};

using TensorSetTable = HandleTable<TensorSet>;

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_OBJECTS_H_
