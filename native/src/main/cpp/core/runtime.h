// The Neuron runtime of this process.

#ifndef NEURON_EMBED_CORE_RUNTIME_H_
#define NEURON_EMBED_CORE_RUNTIME_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/live_objects.h"
#include "nrt/nrt_library.h"

namespace neuron_embed {

struct RuntimeOptions {
  // The NeuronCores to own: an index, a range or a list, such as "3", "0-1" or "0,1,2". A list must
  // be contiguous and ascending. Empty: not restricted by index.
  std::string visible_cores;
  // The number of NeuronCores to own, of any that are free. 0: not restricted by number. At most
  // one of visible_cores and num_cores may be given. Without both, NEURON_RT_VISIBLE_CORES and
  // NEURON_RT_NUM_CORES of the environment apply.
  int num_cores = 0;
  // Seconds after which an execution counts as hung, including the time that it waits for the core.
  // 0: NEURON_RT_EXEC_TIMEOUT of the environment, else kDefaultExecTimeoutSeconds.
  int exec_timeout_seconds = 0;
};

// The vendor documents three different defaults, so the timeout is always set explicitly.
inline constexpr int kDefaultExecTimeoutSeconds = 30;

// Sets environment variables of the process and can restore the former values. libnrt reads its
// configuration only from the C environment, in nrt_init and again in nrt_load.
class RuntimeEnvironment {
 public:
  void Set(const char* name, const std::string& value);
  void Unset(const char* name);
  void Restore();

 private:
  void Remember(const char* name);

  std::vector<std::pair<std::string, std::optional<std::string>>> former_;
};

// nrt_init .. nrt_close. One at a time per process; models keep it alive.
//
// Thread-safe. Opening and closing, loading and unloading, and allocating and freeing tensors all
// hold lifecycle(): libnrt does not promise that they can run concurrently, and before runtime
// 2.34.10 concurrent loads had a race. Executions, reads and writes never take it.
class Runtime {
 public:
  // Prepares the environment and initialises the library. Takes seconds on hardware. The process
  // then owns the cores exclusively.
  // The environment of the process is changed while the runtime exists: other threads must not call
  // setenv or getenv during this call and the destructor.
  // Throws Error(kArgument) for invalid options; Error(kState) if a runtime is open;
  // Error(kUnavailable) if no core is visible; NrtError if the library fails.
  static std::shared_ptr<Runtime> Open(const nrt::NrtLibrary& library,
                                       const RuntimeOptions& options);
  ~Runtime();

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const nrt::NrtLibrary& library() const { return library_; }
  const nrt::NrtApi& api() const { return library_.api(); }
  // The cores of this process are numbered from 0 to visible_core_count() - 1. This number is not
  // their index in the instance.
  int visible_core_count() const { return visible_core_count_; }
  // The number of cores of the instance. 0 if the library does not report it.
  int total_core_count() const { return total_core_count_; }
  // Zeros if the library does not report it.
  const nrt::nrt_instance_info_t& instance() const { return instance_; }

  // The device memory of `core`. Throws Error(kUnavailable) if the library does not report it,
  // Error(kArgument) for a core that is not visible, NrtError if the library fails.
  nrt::nrt_vnc_memory_stats_t MemoryStats(int core) const;

  // Throws Error(kArgument) if `core` is not visible.
  void RequireCore(int core) const;

  std::mutex& lifecycle() const;
  std::atomic<int64_t>& live_models() { return live_models_; }

 private:
  explicit Runtime(const nrt::NrtLibrary& library)
      : library_(library), live_(live_objects.runtimes) {}
  // The caller of either function holds lifecycle().
  void Start(const RuntimeOptions& options);
  void Stop();

  const nrt::NrtLibrary& library_;
  RuntimeEnvironment environment_;
  int visible_core_count_ = 0;
  int total_core_count_ = 0;
  nrt::nrt_instance_info_t instance_{};
  bool initialised_ = false;
  std::atomic<int64_t> live_models_{0};
  LiveCount live_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_RUNTIME_H_
