// One compiled model (NEFF) on one NeuronCore.

#ifndef NEURON_EMBED_CORE_MODEL_H_
#define NEURON_EMBED_CORE_MODEL_H_

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/input_path.h"
#include "core/region_layout.h"
#include "core/runtime.h"

namespace neuron_embed {

struct TensorInfo {
  std::string name;  // the key in tensor sets
  size_t size;       // bytes
  uint32_t dtype;    // as libnrt reports it; the numbering depends on the runtime (nrt_abi.h)
  std::vector<uint32_t> shape;
};

// Immutable after Load, except for Unload. Slots keep it alive.
class Model {
 public:
  // Loads the NEFF file at `path` onto `core` and reads its list of tensors. The file is mapped and
  // may be replaced (by renaming) or removed afterwards. Takes seconds on hardware. Throws
  // Error(kArgument) for a core that is not visible; Error(kFile) if the file cannot be read;
  // Error(kNeff) if it is not a NEFF, is for other hardware, or has tensor names that are not
  // supported; NrtError if the library refuses it.
  static std::shared_ptr<Model> Load(std::shared_ptr<Runtime> runtime, const std::string& path,
                                     int core);
  ~Model();

  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Unloads the model. Its handle is invalid afterwards, even if this fails. No slot may exist. The
  // destructor calls this and writes a failure to stderr. To see the failure, call it before.
  nrt::NRT_STATUS Unload() noexcept;

  const Runtime& runtime() const { return *runtime_; }
  int core() const { return core_; }
  nrt::nrt_model_t* get() const { return model_; }

  // In the order in which libnrt lists them.
  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }
  // The layouts of a slot's regions. The offsets have the order of inputs() and outputs().
  const RegionLayout& input_layout() const { return *input_layout_; }
  const RegionLayout& output_layout() const { return *output_layout_; }

  // Returns the input path to use if `requested` is wanted. Probes it the first time and remembers
  // the outcome. Throws what ProbeInputPath throws.
  InputPathChoice ChooseInputPath(InputPath requested) const;

  std::atomic<int64_t>& live_slots() const { return live_slots_; }

 private:
  Model(std::shared_ptr<Runtime> runtime, int core, nrt::nrt_model_t* model);
  void ReadTensorInfos();

  std::shared_ptr<Runtime> runtime_;
  int core_;
  nrt::nrt_model_t* model_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
  std::optional<RegionLayout> input_layout_;
  std::optional<RegionLayout> output_layout_;
  mutable std::mutex probe_mutex_;
  mutable std::array<std::optional<InputPathChoice>, kInputPathCount> choices_;
  mutable std::atomic<int64_t> live_slots_{0};
  LiveCount live_;
  LiveCount live_in_runtime_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_MODEL_H_
