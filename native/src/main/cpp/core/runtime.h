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
  // NeuronCores to own: an index, a range or a list that comes out contiguous and ascending, such
  // as "3", "0-1" or "0,1,2". Empty: not restricted by index.
  std::string visible_cores;
  // How many NeuronCores to own, whichever are free; 0: not restricted by number. At most one of
  // visible_cores and num_cores may be given; with neither, NEURON_RT_VISIBLE_CORES and
  // NEURON_RT_NUM_CORES of the environment hold.
  int num_cores = 0;
  // Seconds after which an execution counts as hung, waiting for its turn included. 0:
  // NEURON_RT_EXEC_TIMEOUT of the environment, else kDefaultExecTimeoutSeconds.
  int exec_timeout_seconds = 0;
};

// The vendor documents three different defaults: always set one.
inline constexpr int kDefaultExecTimeoutSeconds = 30;

// Sets environment variables of the process and can put the former values back. libnrt takes its
// configuration from the C environment only, in nrt_init and again in nrt_load.
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
// hold lifecycle(): libnrt gives no promise for them to run side by side, and concurrent loads did
// race before runtime 2.34.10. Executions, reads and writes never take it.
class Runtime {
 public:
  // Prepares the environment and initialises the library. Takes seconds on hardware, and takes
  // exclusive hold of the cores.
  // The environment of the process changes for the life of the runtime: other threads must not call
  // setenv or getenv during this call and the destructor.
  // Throws Error(kArgument) for options that cannot be; Error(kState) if a runtime is open;
  // Error(kUnavailable) if no core is visible; NrtError if the library fails.
  static std::shared_ptr<Runtime> Open(const nrt::NrtLibrary& library,
                                       const RuntimeOptions& options);
  ~Runtime();

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const nrt::NrtLibrary& library() const { return library_; }
  const nrt::NrtApi& api() const { return library_.api(); }
  // Cores of this process: 0 .. visible_core_count() - 1, whatever their index in the instance.
  int visible_core_count() const { return visible_core_count_; }
  // Cores of the instance; 0 where the library does not tell.
  int total_core_count() const { return total_core_count_; }
  // Zeros where the library does not tell.
  const nrt::nrt_instance_info_t& instance() const { return instance_; }

  // Device memory of `core`. Throws Error(kUnavailable) where the library does not tell,
  // Error(kArgument) for a core that is not visible, NrtError if the library fails.
  nrt::nrt_vnc_memory_stats_t MemoryStats(int core) const;

  // Throws Error(kArgument) if `core` is not a visible one.
  void RequireCore(int core) const;

  std::mutex& lifecycle() const;
  std::atomic<int64_t>& live_models() { return live_models_; }

 private:
  explicit Runtime(const nrt::NrtLibrary& library)
      : library_(library), live_(live_objects.runtimes) {}
  // Both are called with lifecycle() held.
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
