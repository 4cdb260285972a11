// nrt.h: execution.

#include <cstring>
#include <limits>

#include "bfloat16.h"
#include "exports.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

constexpr char kCall[] = "nrt_execute";

// The common part of input and output specs, for the checks.
struct Expected {
  const std::string& name;
  size_t size;
};
Expected ExpectedOf(const InputSpec& input) { return {input.name, input.size}; }
Expected ExpectedOf(const OutputSpec& output) { return {output.name, output.size}; }

// The inputs or outputs of an execution: the set's tensors in the model's order. They are in use
// until the destructor.
template <typename Spec>
class Side {
 public:
  Side(TensorSet& set, TensorSet::Binding& binding, Access access, bool share_reads)
      : set_(set), binding_(binding), access_(access), share_reads_(share_reads) {}
  ~Side() {
    for (TensorSet::Bound& bound : binding_.bound) {
      if (!bound.in_use) continue;
      const Tensor& tensor = *bound.tensor;
      tensor.storage->EndUse(tensor.offset, tensor.offset + tensor.size, access_, true);
    }
    binding_.bound.clear();
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  // Finds the tensors and claims them.
  NRT_STATUS Claim(uint64_t model, const Core* core, const std::vector<Spec>& specs) {
    if (binding_.model != model) {
      const NRT_STATUS status = Bind(model, specs);
      if (status != nrt::NRT_SUCCESS) return status;
    }
    Runtime& runtime = Runtime::Get();
    for (size_t i = 0; i < specs.size(); ++i) {
      HandleState state;
      TensorTable::Pin pin = runtime.tensors.Acquire(binding_.tensors[i], &state);
      if (!pin) return PinError(state, kCall, "tensor of a set");
      const NRT_STATUS status = Check(*pin, ExpectedOf(specs[i]), core);
      if (status != nrt::NRT_SUCCESS) return status;
      Tensor& tensor = *pin;
      const bool claimed = tensor.storage->BeginUse(tensor.offset, tensor.offset + tensor.size,
                                                    access_, true, share_reads_);
      if (!claimed) {
        ReportMisuse(NRT_EMULATOR_MISUSE_CONCURRENT_USE,
                     "%s: another call is using the tensor of '%s'", kCall, specs[i].name.c_str());
        return nrt::NRT_INVALID;
      }
      binding_.bound.push_back({std::move(pin), nullptr, true});
      binding_.bound.back().data = DeviceBytes(tensor, i);
      binding_.data[i] = binding_.bound.back().data;
    }
    return nrt::NRT_SUCCESS;
  }

  // Copies tensors that are not on the device to their device copies, or back.
  void CopyTwins(Core* core, nrt_emulator_direction direction) {
    for (TensorSet::Bound& bound : binding_.bound) {
      Tensor& tensor = *bound.tensor;
      if (bound.data == tensor.data()) continue;
      if (direction == NRT_EMULATOR_WRITE) {
        std::memcpy(bound.data, tensor.data(), tensor.size);
      } else {
        std::memcpy(tensor.data(), bound.data, tensor.size);
      }
      Runtime::Get().attached_copies.fetch_add(1, std::memory_order_relaxed);
      core->Transfer(direction, tensor.size);
    }
  }

  void CountCompletion() {
    for (TensorSet::Bound& bound : binding_.bound) {
      bound.tensor->completions.fetch_add(1, std::memory_order_release);
    }
  }

  uint8_t* const* data() const { return binding_.data.data(); }

 private:
  NRT_STATUS Bind(uint64_t model, const std::vector<Spec>& specs) {
    binding_.model = 0;
    binding_.tensors.clear();
    for (const Spec& spec : specs) {
      const TensorSet::Entry* found = nullptr;
      for (const TensorSet::Entry& entry : set_.entries) {
        if (entry.name == spec.name) found = &entry;
      }
      if (found == nullptr) {
        ReportMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET, "%s: the %s set has no tensor named '%s'",
                     kCall, access_ == Access::kRead ? "input" : "output", spec.name.c_str());
        return nrt::NRT_INVALID;
      }
      binding_.tensors.push_back(found->tensor);
    }
    binding_.bound.reserve(specs.size());
    binding_.data.resize(specs.size());
    binding_.twins.resize(specs.size());
    binding_.model = model;
    return nrt::NRT_SUCCESS;
  }

  static NRT_STATUS Check(const Tensor& tensor, const Expected& expected, const Core* core) {
    if (tensor.storage == nullptr || tensor.size != expected.size) {
      ReportMisuse(NRT_EMULATOR_MISUSE_TENSOR_SET,
                   "%s: the tensor of '%s' has %zu bytes, the model wants %zu", kCall,
                   expected.name.c_str(), tensor.size, expected.size);
      return nrt::NRT_INVALID;
    }
    if (tensor.placement == nrt::NRT_TENSOR_PLACEMENT_DEVICE && tensor.core() != core) {
      ReportMisuse(NRT_EMULATOR_MISUSE_CORE,
                   "%s: the tensor of '%s' is on core %d, the model on core %d", kCall,
                   expected.name.c_str(), tensor.core()->index(), core->index());
      return nrt::NRT_INVALID;
    }
    return nrt::NRT_SUCCESS;
  }

  uint8_t* DeviceBytes(Tensor& tensor, size_t index) {
    if (tensor.placement == nrt::NRT_TENSOR_PLACEMENT_DEVICE) return tensor.data();
    binding_.twins[index].resize(tensor.size);
    return binding_.twins[index].data();
  }

  TensorSet& set_;
  TensorSet::Binding& binding_;
  const Access access_;
  const bool share_reads_;
};

// The effect of a numerical error: a NaN in each output.
void Poison(const ModelSpec& spec, uint8_t* const* outputs) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (size_t i = 0; i < spec.outputs.size(); ++i) {
    if (spec.outputs[i].dtype == Dtype::kBfloat16) {
      const uint16_t narrow = ToBfloat16(nan);
      std::memcpy(outputs[i], &narrow, sizeof(narrow));
    } else {
      std::memcpy(outputs[i], &nan, sizeof(nan));
    }
  }
}

NRT_STATUS Execute(nrt::nrt_model_t* model_handle, const nrt::nrt_tensor_set_t* input_handle,
                   nrt::nrt_tensor_set_t* output_handle) {
  Runtime& runtime = Runtime::Get();
  NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (model_handle == nullptr || input_handle == nullptr || output_handle == nullptr) {
    return NullArgument(kCall);
  }
  HandleState state;
  const ModelTable::Pin model = runtime.models.Acquire(HandleOf(model_handle), &state);
  if (!model) return PinError(state, kCall, "model");
  const TensorSetTable::Pin input_set =
      runtime.tensor_sets.AcquireExclusive(HandleOf(input_handle), &state);
  if (!input_set) return PinError(state, kCall, "input set");
  TensorSetTable::Pin output_pin;
  if (HandleOf(output_handle) != HandleOf(input_handle)) {
    output_pin = runtime.tensor_sets.AcquireExclusive(HandleOf(output_handle), &state);
    if (!output_pin) return PinError(state, kCall, "output set");
  }
  TensorSet& output_set = output_pin ? *output_pin : *input_set;

  Core* core = model->core;
  const ModelSpec& spec = model->spec();
  Side<InputSpec> inputs(*input_set, input_set->inputs, Access::kRead,
                         runtime.config().allow_shared_inputs);
  Side<OutputSpec> outputs(output_set, output_set.outputs, Access::kWrite, false);
  status = inputs.Claim(HandleOf(model_handle), core, spec.inputs);
  if (status != nrt::NRT_SUCCESS) return status;
  status = outputs.Claim(HandleOf(model_handle), core, spec.outputs);
  if (status != nrt::NRT_SUCCESS) return status;

  const Core::Work work = {spec.batch, spec.sequence_length, model->service_nanos,
                           model->timeout_nanos,
                           runtime.faults.Next(CallKind::kExecute, core->index())};
  inputs.CopyTwins(core, NRT_EMULATOR_WRITE);
  status = core->Execute(work, [&] {
    const NRT_STATUS fault = work.fault.status;
    if (fault != nrt::NRT_SUCCESS && fault != nrt::NRT_EXEC_COMPLETED_WITH_NUM_ERR) {
      return nrt::NRT_SUCCESS;  // computes nothing: the outputs keep their old bytes
    }
    const NRT_STATUS computed = model->computation->Run(inputs.data(), outputs.data());
    if (fault != nrt::NRT_SUCCESS) Poison(spec, outputs.data());
    return computed;
  });
  if (status == nrt::NRT_SUCCESS || status == nrt::NRT_EXEC_COMPLETED_WITH_NUM_ERR) {
    outputs.CopyTwins(core, NRT_EMULATOR_READ);
    outputs.CountCompletion();
  }
  model->executions.fetch_add(1, std::memory_order_relaxed);
  return status;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_execute(nrt::nrt_model_t* model, const nrt::nrt_tensor_set_t* input_set,
                            nrt::nrt_tensor_set_t* output_set) {
  return Execute(model, input_set, output_set);
}

nrt::NRT_STATUS nrt_execute_repeat(nrt::nrt_model_t* model, const nrt::nrt_tensor_set_t* input_set,
                                   nrt::nrt_tensor_set_t* output_set, int repeat_count) {
  if (repeat_count != 1) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "nrt_execute_repeat: %d repeats, only 1 is accepted",
                 repeat_count);
    return nrt::NRT_INVALID;
  }
  return Execute(model, input_set, output_set);
}
