// Blocks an execution inside its computation until the test opens the gate.

#ifndef NEURON_EMBED_TEST_EMULATOR_GATE_H_
#define NEURON_EMBED_TEST_EMULATOR_GATE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "computation.h"
#include "nrt/nrt_abi.h"
#include "runtime.h"

namespace neuron_embed::emulator {

class Gate {
 public:
  // Waits until an execution has reached the gate.
  void AwaitArrival() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }

  // Lets this and all later executions pass.
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool arrived_ = false;
  bool open_ = false;
};

// Puts the gate before the model's computation. The gate must outlive the model. No execution may
// be in flight.
inline void PutGate(nrt::nrt_model_t* handle, Gate* gate) {
  class Gated : public Computation {
   public:
    Gated(std::unique_ptr<Computation> inner, Gate* gate_in)
        : inner_(std::move(inner)), gate_(gate_in) {}
    nrt::NRT_STATUS Run(const uint8_t* const* inputs, uint8_t* const* outputs) override {
      gate_->Pass();
      return inner_->Run(inputs, outputs);
    }

   private:
    std::unique_ptr<Computation> inner_;
    Gate* gate_;
  };
  HandleState state;
  const ModelTable::Pin model = Runtime::Get().models.AcquireExclusive(HandleOf(handle), &state);
  model->computation = std::make_unique<Gated>(std::move(model->computation), gate);
}

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_TEST_EMULATOR_GATE_H_
