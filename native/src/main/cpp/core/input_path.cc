#include "core/input_path.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/error.h"
#include "core/model.h"
#include "core/output_binding.h"
#include "nrt/nrt_status.h"

namespace neuron_embed {
namespace {

using Region = std::unique_ptr<unsigned char, decltype(&std::free)>;

Region AllocateRegion(const RegionLayout& layout) {
  void* memory = std::aligned_alloc(PageSize(), layout.size);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, layout.size);
  return Region(static_cast<unsigned char*>(memory), &std::free);
}

constexpr size_t kPatternStrides[] = {16, 8};

// Every `stride`-th byte is 1, the others are 0. With a stride of 8 or 16 and little-endian
// integers of 4 or 8 bytes, all elements are 0 or 1 and the first is 1: token ids in any
// vocabulary, a mask that is not empty, token types.
void FillPattern(const Model& model, size_t stride, unsigned char* region) {
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    unsigned char* tensor = region + model.input_layout().offsets[i];
    for (size_t at = 0; at < model.inputs()[i].size; ++at) tensor[at] = at % stride == 0 ? 1 : 0;
  }
}

bool SameBytes(const std::vector<TensorInfo>& infos, const RegionLayout& layout,
               const unsigned char* a, const unsigned char* b) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (std::memcmp(a + layout.offsets[i], b + layout.offsets[i], infos[i].size) != 0) return false;
  }
  return true;
}

// Throws Error(kUnavailable) unless `binding`, which is bound to `region`, copies the pattern
// correctly to its tensors.
void RequireTransfer(const Model& model, const InputBinding& binding, unsigned char* region) {
  const Region back = AllocateRegion(model.input_layout());
  for (const size_t stride : kPatternStrides) {
    FillPattern(model, stride, region);
    binding.Write();
    binding.ReadBack(back.get());
    if (!SameBytes(model.inputs(), model.input_layout(), region, back.get())) {
      throw Error(ErrorKind::kUnavailable, "the tensors did not receive what was written");
    }
  }
}

Region Run(const Model& model, const InputBinding& inputs) {
  Region region = AllocateRegion(model.output_layout());
  const OutputBinding outputs(model, region.get());
  inputs.Write();
  const nrt::NRT_STATUS status =
      model.runtime().api().nrt_execute(model.get(), inputs.set(), outputs.set());
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_execute", model.core(), "");
  outputs.Read();
  return region;
}

void RequireSameOutputs(const Model& model, InputPath path) {
  const Region region = AllocateRegion(model.input_layout());
  const InputBinding reference(model, InputPath::kWrite, region.get());
  const InputBinding candidate(model, path, region.get());
  RequireTransfer(model, candidate, region.get());
  for (const size_t stride : kPatternStrides) {
    FillPattern(model, stride, region.get());
    const Region expected = Run(model, reference);
    const Region actual = Run(model, candidate);
    if (!SameBytes(model.outputs(), model.output_layout(), expected.get(), actual.get())) {
      throw Error(ErrorKind::kUnavailable, "the outputs differ from those of path write");
    }
  }
}

// Returns an empty text if the path works, else the reason why it does not.
std::string Problem(const Model& model, InputPath path) {
  try {
    switch (path) {
      case InputPath::kWrite:
        break;
      case InputPath::kWriteBatch: {
        const Region region = AllocateRegion(model.input_layout());
        RequireTransfer(model, InputBinding(model, path, region.get()), region.get());
        break;
      }
      case InputPath::kSlices:
      case InputPath::kAttached:
      case InputPath::kHost:
        RequireSameOutputs(model, path);
        break;
    }
    return {};
  } catch (const NrtError& error) {
    if (nrt::IsDeviceFailure(error.status())) throw;
    return error.what();
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

const char* InputPathName(InputPath path) noexcept {
  switch (path) {
    case InputPath::kWriteBatch:
      return "write_batch";
    case InputPath::kWrite:
      return "write";
    case InputPath::kSlices:
      return "slices";
    case InputPath::kAttached:
      return "attached";
    case InputPath::kHost:
      return "host";
  }
  return "unknown";
}

InputBinding::InputBinding(const Model& model, InputPath path, unsigned char* region)
    : model_(&model), path_(path), region_(region), set_(model.runtime(), model.core()) {
  const Runtime& runtime = model.runtime();
  const int core = model.core();
  const RegionLayout& layout = model.input_layout();
  if (path == InputPath::kWriteBatch && runtime.api().nrt_tensor_write_batch == nullptr) {
    throw Error(ErrorKind::kUnavailable, "this Neuron runtime lacks nrt_tensor_write_batch");
  }
  if (path == InputPath::kSlices) {
    backing_.push_back(DeviceTensor::Allocate(runtime, nrt::NRT_TENSOR_PLACEMENT_DEVICE, core,
                                              layout.size, "inputs"));
  }
  for (size_t i = 0; i < model.inputs().size(); ++i) {
    const TensorInfo& info = model.inputs()[i];
    switch (path) {
      case InputPath::kWriteBatch:
      case InputPath::kWrite:
        tensors_.push_back(DeviceTensor::Allocate(runtime, nrt::NRT_TENSOR_PLACEMENT_DEVICE, core,
                                                  info.size, info.name));
        break;
      case InputPath::kSlices:
        tensors_.push_back(
            DeviceTensor::Slice(backing_.front(), layout.offsets[i], info.size, info.name));
        break;
      case InputPath::kAttached:
        tensors_.push_back(
            DeviceTensor::Attach(runtime, core, region + layout.offsets[i], info.size, info.name));
        break;
      case InputPath::kHost:
        tensors_.push_back(DeviceTensor::Allocate(runtime, nrt::NRT_TENSOR_PLACEMENT_HOST, core,
                                                  info.size, info.name));
        break;
    }
    set_.Add(info.name, tensors_.back());
    ops_.push_back({0, info.size, region + layout.offsets[i]});
  }
  for (size_t i = 0; i < tensors_.size(); ++i) {
    batches_.push_back({tensors_[i].get(), &ops_[i], 1});
  }
}

void InputBinding::Fail(nrt::NRT_STATUS status, const char* operation, const char* what,
                        size_t size) const {
  throw NrtError(status, operation, model_->core(),
                 std::string(what) + ", " + std::to_string(size) + " B");
}

// Every range below is a whole tensor, whose size was checked when it was allocated.
void InputBinding::Write() const {
  const nrt::NrtApi& api = model_->runtime().api();
  switch (path_) {
    case InputPath::kWriteBatch: {
      const nrt::NRT_STATUS status =
          api.nrt_tensor_write_batch(batches_.data(), batches_.size(), /*unsafe=*/false);
      if (status != nrt::NRT_SUCCESS) {
        size_t total = 0;
        for (const DeviceTensor& tensor : tensors_) total += tensor.size();
        Fail(status, "nrt_tensor_write_batch", "all inputs", total);
      }
      break;
    }
    case InputPath::kWrite:
    case InputPath::kHost:
      for (size_t i = 0; i < tensors_.size(); ++i) {
        const nrt::NRT_STATUS status =
            api.nrt_tensor_write(tensors_[i].get(), ops_[i].buffer, 0, tensors_[i].size());
        if (status != nrt::NRT_SUCCESS) {
          Fail(status, "nrt_tensor_write", tensors_[i].name().c_str(), tensors_[i].size());
        }
      }
      break;
    case InputPath::kSlices: {
      const DeviceTensor& backing = backing_.front();
      const nrt::NRT_STATUS status =
          api.nrt_tensor_write(backing.get(), region_, 0, backing.size());
      if (status != nrt::NRT_SUCCESS)
        Fail(status, "nrt_tensor_write", "all inputs", backing.size());
      break;
    }
    case InputPath::kAttached:
      break;
  }
}

void InputBinding::ReadBack(unsigned char* region) const {
  for (size_t i = 0; i < tensors_.size(); ++i) {
    tensors_[i].Read(region + model_->input_layout().offsets[i], 0, tensors_[i].size());
  }
}

InputPathChoice ProbeInputPath(const Model& model, InputPath requested) {
  std::string reason = Problem(model, requested);
  if (reason.empty()) return {requested, {}};
  reason = std::string(InputPathName(requested)) + ": " + reason;
  if (requested != InputPath::kWriteBatch) {
    const std::string problem = Problem(model, InputPath::kWriteBatch);
    if (problem.empty()) return {InputPath::kWriteBatch, reason};
    reason += "; write_batch: " + problem;
  }
  return {InputPath::kWrite, reason};
}

}  // namespace neuron_embed
