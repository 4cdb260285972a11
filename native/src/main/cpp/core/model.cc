#include "core/model.h"

#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/mapped_file.h"
#include "core/neff_header.h"
#include "nrt/nrt_status.h"

namespace neuron_embed {
namespace {

// More tensors than any real model has. The limit protects against reading garbage.
constexpr uint64_t kMaxTensors = 65536;
constexpr uint32_t kMaxDimensions = 64;

bool HasPhysicalCoresOnly(uint32_t family) {
  switch (family) {
    case nrt::NRT_INSTANCE_INF1:
    case nrt::NRT_INSTANCE_TRN1:
    case nrt::NRT_INSTANCE_TRN1N:
    case nrt::NRT_INSTANCE_INF2:
    case nrt::NRT_INSTANCE_INF2E:
      return true;
    default:
      return false;
  }
}

void RequireLoadable(const Runtime& runtime, const std::string& path, const MappedFile& file) {
  const NeffCheck check = CheckNeff(file.data(), file.size());
  switch (check.verdict) {
    case NeffVerdict::kUsable:
      break;
    case NeffVerdict::kNotANeff:
      throw Error(ErrorKind::kNeff, path + " is not a NEFF: " + check.problem);
    case NeffVerdict::kTruncated:
      throw Error(ErrorKind::kNeff, path + " is cut short: " + check.problem + "; copy it again");
    case NeffVerdict::kUnsupportedVersion:
      throw Error(ErrorKind::kNeff, path + " cannot be loaded: " + check.problem +
                                        "; compile it for the installed runtime");
  }
  if (check.header.lnc_size > 1 && HasPhysicalCoresOnly(runtime.instance().family)) {
    throw Error(ErrorKind::kNeff, path + " was compiled for logical cores of " +
                                      std::to_string(check.header.lnc_size) +
                                      " NeuronCores, which this instance does not have; compile it "
                                      "with --target inf2");
  }
}

// Names are in a field of fixed length. libnrt does not promise a terminating NUL.
std::string BoundedName(const nrt::nrt_tensor_info_t& info) {
  return std::string(info.name, strnlen(info.name, nrt::kTensorNameMax));
}

struct FreeTensorInfo {
  const Runtime* runtime;
  void operator()(nrt::nrt_tensor_info_array_t* array) const noexcept {
    runtime->api().nrt_free_model_tensor_info(array);
  }
};

std::vector<size_t> Sizes(const std::vector<TensorInfo>& infos) {
  std::vector<size_t> sizes;
  for (const TensorInfo& info : infos) sizes.push_back(info.size);
  return sizes;
}

}  // namespace

std::shared_ptr<Model> Model::Load(std::shared_ptr<Runtime> runtime, const std::string& path,
                                   int core) {
  runtime->RequireCore(core);
  const MappedFile file(path);
  RequireLoadable(*runtime, path, file);

  nrt::nrt_model_t* handle = nullptr;
  nrt::NRT_STATUS status;
  {
    std::lock_guard<std::mutex> lock(runtime->lifecycle());
    constexpr int32_t kDeprecatedCount = -1;
    status = runtime->api().nrt_load(file.data(), file.size(), core, kDeprecatedCount, &handle);
  }
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_load", core, path);
  if (handle == nullptr) {
    throw Error(ErrorKind::kInternal, "nrt_load " + path + ": success without a model");
  }
  std::shared_ptr<Model> model(new Model(std::move(runtime), core, handle));
  try {
    model->ReadTensorInfos();
  } catch (const NrtError&) {
    throw;
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what());
  }
  return model;
}

Model::Model(std::shared_ptr<Runtime> runtime, int core, nrt::nrt_model_t* model)
    : runtime_(std::move(runtime)),
      core_(core),
      model_(model),
      live_(live_objects.models),
      live_in_runtime_(runtime_->live_models()) {}

void Model::ReadTensorInfos() {
  nrt::nrt_tensor_info_array_t* raw = nullptr;
  const nrt::NRT_STATUS status = runtime_->api().nrt_get_model_tensor_info(model_, &raw);
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_get_model_tensor_info", core_, "");
  if (raw == nullptr) {
    throw Error(ErrorKind::kInternal, "nrt_get_model_tensor_info: success without a result");
  }
  const std::unique_ptr<nrt::nrt_tensor_info_array_t, FreeTensorInfo> array(
      raw, FreeTensorInfo{runtime_.get()});

  if (array->tensor_count > kMaxTensors) {
    throw Error(ErrorKind::kNeff,
                "the model reports " + std::to_string(array->tensor_count) + " tensors");
  }
  std::set<std::pair<nrt::nrt_tensor_usage_t, std::string>> names;
  for (uint64_t i = 0; i < array->tensor_count; ++i) {
    const nrt::nrt_tensor_info_t& info = *nrt::TensorInfoAt(array.get(), i);
    std::string name = BoundedName(info);
    if (info.usage != nrt::NRT_TENSOR_USAGE_INPUT && info.usage != nrt::NRT_TENSOR_USAGE_OUTPUT) {
      throw Error(ErrorKind::kNeff, "tensor '" + name + "' has the unknown usage " +
                                        std::to_string(static_cast<uint32_t>(info.usage)));
    }
    if (name.empty()) throw Error(ErrorKind::kNeff, "a tensor of the model has no name");
    if (!names.emplace(info.usage, name).second) {
      throw Error(ErrorKind::kNeff, "two tensors of the model are named '" + name + "'");
    }
    if (info.size == 0) throw Error(ErrorKind::kNeff, "tensor '" + name + "' has no bytes");
    if (info.ndim > kMaxDimensions || (info.ndim > 0 && info.shape == nullptr)) {
      throw Error(ErrorKind::kNeff, "tensor '" + name + "' has no usable shape");
    }
    std::vector<uint32_t> shape;
    if (info.ndim > 0) shape.assign(info.shape, info.shape + info.ndim);
    auto& direction = info.usage == nrt::NRT_TENSOR_USAGE_INPUT ? inputs_ : outputs_;
    direction.push_back(
        {std::move(name), info.size, static_cast<uint32_t>(info.dtype), std::move(shape)});
  }
  if (inputs_.empty() || outputs_.empty()) {
    throw Error(ErrorKind::kNeff, "the model has " + std::to_string(inputs_.size()) +
                                      " inputs and " + std::to_string(outputs_.size()) +
                                      " outputs; it needs one of each at least");
  }
  input_layout_.emplace(Sizes(inputs_), PageSize());
  output_layout_.emplace(Sizes(outputs_), PageSize());
}

InputPathChoice Model::ChooseInputPath(InputPath requested) const {
  std::lock_guard<std::mutex> lock(probe_mutex_);
  std::optional<InputPathChoice>& choice = choices_[static_cast<size_t>(requested)];
  if (!choice) choice = ProbeInputPath(*this, requested);
  return *choice;
}

nrt::NRT_STATUS Model::Unload() noexcept {
  if (model_ == nullptr) return nrt::NRT_SUCCESS;
  std::lock_guard<std::mutex> lock(runtime_->lifecycle());
  return runtime_->api().nrt_unload(std::exchange(model_, nullptr));
}

Model::~Model() {
  const nrt::NRT_STATUS status = Unload();
  if (status != nrt::NRT_SUCCESS) {
    std::fprintf(stderr, "neuron-embed: nrt_unload, core %d: status %u\n", core_,
                 static_cast<unsigned>(status));
  }
}

}  // namespace neuron_embed
