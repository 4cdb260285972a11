#include "encoder/worker_team.h"

namespace neuron_embed::encoder {

WorkerTeam::WorkerTeam(int size) {
  threads_.reserve(static_cast<size_t>(size - 1));
  try {
    for (int worker = 1; worker < size; ++worker) {
      threads_.emplace_back([this, worker] { Serve(worker); });
    }
  } catch (...) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    begun_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    throw;
  }
}

WorkerTeam::~WorkerTeam() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Share(int tasks, void* context, Call call) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    tasks_ = tasks;
    context_ = context;
    call_ = call;
    next_.store(0, std::memory_order_relaxed);
    busy_ = static_cast<int>(threads_.size());
    ++round_;
  }
  begun_.notify_all();
  Take(0);
  std::unique_lock<std::mutex> lock(mutex_);
  ended_.wait(lock, [this] { return busy_ == 0; });
}

void WorkerTeam::Take(int worker) {
  for (;;) {
    const int task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= tasks_) return;
    call_(context_, worker, task);
  }
}

void WorkerTeam::Serve(int worker) {
  unsigned served = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      begun_.wait(lock, [&] { return stopped_ || round_ != served; });
      if (stopped_) return;
      served = round_;
    }
    Take(worker);
    std::lock_guard<std::mutex> lock(mutex_);
    if (--busy_ == 0) ended_.notify_one();
  }
}

}  // namespace neuron_embed::encoder
