// The threads that share the work of one batch.

#ifndef NEURON_EMBED_ENCODER_WORKER_TEAM_H_
#define NEURON_EMBED_ENCODER_WORKER_TEAM_H_

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace neuron_embed::encoder {

class WorkerTeam {
 public:
  // `size` workers, the caller of Run among them.
  explicit WorkerTeam(int size);
  ~WorkerTeam();

  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(worker, task) for each task of [0, tasks), each once, and returns when all are done.
  // `worker` is below size(), and no two calls at once have the same. The work may not throw.
  template <typename Work>
  void Run(int tasks, Work&& work) {
    if (threads_.empty() || tasks <= 1) {
      for (int task = 0; task < tasks; ++task) work(0, task);
      return;
    }
    Share(tasks, &work, [](void* context, int worker, int task) {
      (*static_cast<std::remove_reference_t<Work>*>(context))(worker, task);
    });
  }

 private:
  using Call = void (*)(void* context, int worker, int task);

  void Share(int tasks, void* context, Call call);
  void Take(int worker);
  void Serve(int worker);

  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable ended_;
  // Of the round; guarded by mutex_ as far as they are not atomic.
  unsigned round_ = 0;
  int busy_ = 0;
  bool stopped_ = false;
  int tasks_ = 0;
  void* context_ = nullptr;
  Call call_ = nullptr;
  std::atomic<int> next_{0};
  std::vector<std::thread> threads_;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_WORKER_TEAM_H_
