// The tensors and tensor sets for the executions of a model. Built once and used for many of them.

#ifndef NEURON_EMBED_CORE_EXECUTION_SLOT_H_
#define NEURON_EMBED_CORE_EXECUTION_SLOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "core/input_path.h"
#include "core/live_objects.h"
#include "core/model.h"
#include "core/output_binding.h"

namespace neuron_embed {

// The time of each stage of an execution in nanoseconds. 0 for a stage that was not reached.
struct StageTimes {
  int64_t write_nanos;
  int64_t execute_nanos;
  int64_t read_nanos;
};

// The host memory of a slot. The caller owns it, and may access it while the slot does not execute.
struct SlotMemory {
  void* input_region;       // page-aligned, model.input_layout().size bytes at least
  void* output_region;      // page-aligned, model.output_layout().size bytes at least
  StageTimes* stage_times;  // of the last execution; null if not wanted
};

// Tensors on the model's core and their sets, bound to host memory that the caller owns. Keeps the
// model alive. Several slots of one model may execute concurrently. One slot runs one execution at
// a time.
class ExecutionSlot {
 public:
  // `memory` must outlive the slot. `requested` is probed first (Model::ChooseInputPath).
  // Throws Error(kArgument) for a region that is not page-aligned, NrtError if the library fails.
  ExecutionSlot(std::shared_ptr<Model> model, InputPath requested, const SlotMemory& memory);

  ExecutionSlot(const ExecutionSlot&) = delete;
  ExecutionSlot& operator=(const ExecutionSlot&) = delete;

  const Model& model() const { return *model_; }
  InputPath input_path() const { return inputs_.path(); }
  // Why input_path() is not the requested one; empty if it is.
  const std::string& input_path_reason() const { return choice_.reason; }

  // Moves the input region to the model, runs it, and fills the output region with the first
  // `output_bytes` of each output, or with all if it has fewer. Blocks until the execution ends.
  // Allocates nothing unless it fails. Throws Error(kState) if another thread is in this call.
  // Throws NrtError if the library fails: the output region is then unspecified, and the slot may
  // be used again if the status allows it.
  void Execute(size_t output_bytes = std::numeric_limits<size_t>::max());

  // Whether a thread is in Execute().
  bool executing() const { return executing_.load(std::memory_order_acquire); }

 private:
  std::shared_ptr<Model> model_;
  // Before the bindings: a slot counts until its tensors are gone.
  LiveCount live_;
  LiveCount live_in_model_;
  InputPathChoice choice_;
  InputBinding inputs_;
  OutputBinding outputs_;
  StageTimes* stage_times_;
  std::atomic<bool> executing_{false};
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_EXECUTION_SLOT_H_
