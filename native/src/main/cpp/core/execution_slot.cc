#include "core/execution_slot.h"

#include <chrono>

#include "core/error.h"

namespace neuron_embed {
namespace {

unsigned char* RequireRegion(void* region, const char* direction) {
  if (region == nullptr || reinterpret_cast<uintptr_t>(region) % PageSize() != 0) {
    throw Error(ErrorKind::kArgument, std::string("the ") + direction +
                                          " region is not aligned to a page of " +
                                          std::to_string(PageSize()) + " B");
  }
  return static_cast<unsigned char*>(region);
}

int64_t NowNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ExecutionSlot::ExecutionSlot(std::shared_ptr<Model> model, InputPath requested,
                             const SlotMemory& memory)
    : model_(std::move(model)),
      live_(live_objects.slots),
      live_in_model_(model_->live_slots()),
      choice_(model_->ChooseInputPath(requested)),
      inputs_(*model_, choice_.path, RequireRegion(memory.input_region, "input")),
      outputs_(*model_, RequireRegion(memory.output_region, "output")),
      stage_times_(memory.stage_times) {}

void ExecutionSlot::Execute(size_t output_bytes) {
  if (executing_.exchange(true, std::memory_order_acquire)) {
    throw Error(ErrorKind::kState, "the slot is executing; use another slot, or wait");
  }
  // Returns the slot and the measured times, on success and on failure.
  struct Finish {
    ExecutionSlot& slot;
    StageTimes times{};
    ~Finish() {
      if (slot.stage_times_ != nullptr) *slot.stage_times_ = times;
      slot.executing_.store(false, std::memory_order_release);
    }
  } finish{*this};

  const int64_t start = NowNanos();
  inputs_.Write();
  const int64_t written = NowNanos();
  finish.times.write_nanos = written - start;
  const nrt::NRT_STATUS status =
      model_->runtime().api().nrt_execute(model_->get(), inputs_.set(), outputs_.set());
  const int64_t executed = NowNanos();
  finish.times.execute_nanos = executed - written;
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_execute", model_->core(), "");
  outputs_.Read(output_bytes);
  finish.times.read_nanos = NowNanos() - executed;
}

}  // namespace neuron_embed
