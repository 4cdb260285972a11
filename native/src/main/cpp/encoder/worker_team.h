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
  // `size` workers. The thread that calls Run is one of them.
  explicit WorkerTeam(int size);
  ~WorkerTeam();

  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(worker, task) once for each task of [0, tasks) and returns when all are done.
  // `worker` is below size(), and no two concurrent calls have the same one. The work must not
  // throw.
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
  // The state of the current round. mutex_ guards the members that are not atomic.
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
