#include "core/runtime.h"

#include <cstdlib>
#include <limits>

#include "core/error.h"

namespace neuron_embed {
namespace {

constexpr char kVisibleCores[] = "NEURON_RT_VISIBLE_CORES";
constexpr char kNumCores[] = "NEURON_RT_NUM_CORES";
constexpr char kExecTimeout[] = "NEURON_RT_EXEC_TIMEOUT";
// On runtimes before 2.34.10 an inherited value of this variable makes nrt_execute return before
// the outputs are complete.
constexpr char kImplicitAsync[] = "NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS";

std::mutex& LifecycleMutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

// Guarded by LifecycleMutex().
bool runtime_open = false;

// Reads a core index at `*at` and moves `*at` past it.
bool ParseIndex(const std::string& text, size_t* at, int* index) {
  const size_t start = *at;
  int value = 0;
  while (*at < text.size() && text[*at] >= '0' && text[*at] <= '9' && *at - start < 6) {
    value = value * 10 + (text[*at] - '0');
    ++*at;
  }
  *index = value;
  return *at > start;
}

// Accepts what libnrt accepts: indexes and ranges separated by commas. Together they must be
// contiguous and ascending.
bool IsCoreList(const std::string& text) {
  size_t at = 0;
  int next = -1;
  for (;;) {
    int first = 0;
    if (!ParseIndex(text, &at, &first)) return false;
    int last = first;
    if (at < text.size() && text[at] == '-') {
      ++at;
      if (!ParseIndex(text, &at, &last)) return false;
    }
    if (last < first || (next >= 0 && first != next)) return false;
    next = last + 1;
    if (at == text.size()) return true;
    if (text[at++] != ',') return false;
  }
}

void Validate(const RuntimeOptions& options) {
  if (!options.visible_cores.empty() && options.num_cores != 0) {
    throw Error(ErrorKind::kArgument,
                "visible cores and a number of cores were both given; give one of them");
  }
  if (!options.visible_cores.empty() && !IsCoreList(options.visible_cores)) {
    throw Error(ErrorKind::kArgument,
                "visible cores '" + options.visible_cores +
                    "' is not an index, range or list of contiguous ascending indexes, such as "
                    "0-1");
  }
  if (options.num_cores < 0) {
    throw Error(ErrorKind::kArgument, "the number of cores is " +
                                          std::to_string(options.num_cores) +
                                          "; it must be positive, or 0 for no limit");
  }
  if (options.exec_timeout_seconds < 0) {
    throw Error(ErrorKind::kArgument, "the execution timeout is " +
                                          std::to_string(options.exec_timeout_seconds) +
                                          " s; it must be positive, or 0 for the default");
  }
}

std::string InitHint(nrt::NRT_STATUS status) {
  switch (status) {
    case nrt::NRT_FAILURE:
      return "another process may hold the cores, neuron-ls tells which";
    case nrt::NRT_INVALID:
      return "no Neuron device, its driver is not loaded, or driver and runtime do not fit";
    default:
      return "";
  }
}

}  // namespace

void RuntimeEnvironment::Restore() {
  for (auto entry = former_.rbegin(); entry != former_.rend(); ++entry) {
    if (entry->second) {
      setenv(entry->first.c_str(), entry->second->c_str(), 1);
    } else {
      unsetenv(entry->first.c_str());
    }
  }
  former_.clear();
}

void RuntimeEnvironment::Remember(const char* name) {
  const char* value = std::getenv(name);
  former_.emplace_back(name,
                       value == nullptr ? std::nullopt : std::make_optional<std::string>(value));
}

void RuntimeEnvironment::Set(const char* name, const std::string& value) {
  Remember(name);
  setenv(name, value.c_str(), 1);
}

void RuntimeEnvironment::Unset(const char* name) {
  if (std::getenv(name) == nullptr) return;
  Remember(name);
  unsetenv(name);
}

std::shared_ptr<Runtime> Runtime::Open(const nrt::NrtLibrary& library,
                                       const RuntimeOptions& options) {
  Validate(options);

  // Declared before the lock, because its destructor takes the lock too.
  std::shared_ptr<Runtime> runtime;
  std::lock_guard<std::mutex> lock(LifecycleMutex());
  if (runtime_open) {
    throw Error(ErrorKind::kState,
                "a Neuron runtime is already open in this process; share it, or close it first");
  }
  runtime.reset(new Runtime(library));
  try {
    runtime->Start(options);
  } catch (...) {
    runtime->Stop();
    throw;
  }
  return runtime;
}

void Runtime::Start(const RuntimeOptions& options) {
  environment_.Unset(kImplicitAsync);
  if (!options.visible_cores.empty()) {
    environment_.Set(kVisibleCores, options.visible_cores);
    environment_.Unset(kNumCores);
  } else if (options.num_cores > 0) {
    environment_.Set(kNumCores, std::to_string(options.num_cores));
    environment_.Unset(kVisibleCores);
  }
  if (options.exec_timeout_seconds > 0) {
    environment_.Set(kExecTimeout, std::to_string(options.exec_timeout_seconds));
  } else if (std::getenv(kExecTimeout) == nullptr) {
    environment_.Set(kExecTimeout, std::to_string(kDefaultExecTimeoutSeconds));
  }

  nrt::NRT_STATUS status = api().nrt_init(nrt::NRT_FRAMEWORK_TYPE_NO_FW, "", "");
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_init", kNoCore, "of " + library_.path(), InitHint(status));
  }
  initialised_ = true;
  runtime_open = true;

  uint32_t count = 0;
  status = api().nrt_get_visible_nc_count(&count);
  if (status != nrt::NRT_SUCCESS) {
    throw NrtError(status, "nrt_get_visible_nc_count", kNoCore, "");
  }
  constexpr auto kMaxCount = static_cast<uint32_t>(std::numeric_limits<int>::max());
  if (count == 0 || count > kMaxCount) {
    throw Error(ErrorKind::kUnavailable,
                "the Neuron runtime reports " + std::to_string(count) + " visible NeuronCores");
  }
  visible_core_count_ = static_cast<int>(count);

  uint32_t total = 0;
  if (api().nrt_get_total_nc_count != nullptr &&
      api().nrt_get_total_nc_count(&total) == nrt::NRT_SUCCESS && total <= kMaxCount) {
    total_core_count_ = static_cast<int>(total);
  }
  // Before SDK 2.28 the struct had 8 bytes. What such a runtime does with 32 is not documented, so
  // its failure is ignored.
  if (api().nrt_get_instance_info != nullptr &&
      api().nrt_get_instance_info(&instance_, sizeof(instance_)) != nrt::NRT_SUCCESS) {
    instance_ = {};
  }
}

void Runtime::Stop() {
  if (initialised_) {
    api().nrt_close();
    initialised_ = false;
    runtime_open = false;
  }
  environment_.Restore();
}

Runtime::~Runtime() {
  std::lock_guard<std::mutex> lock(LifecycleMutex());
  Stop();
}

std::mutex& Runtime::lifecycle() const { return LifecycleMutex(); }

void Runtime::RequireCore(int core) const {
  if (core < 0 || core >= visible_core_count_) {
    throw Error(ErrorKind::kArgument, "core " + std::to_string(core) +
                                          " is not visible to this process, which has cores 0 to " +
                                          std::to_string(visible_core_count_ - 1));
  }
}

nrt::nrt_vnc_memory_stats_t Runtime::MemoryStats(int core) const {
  RequireCore(core);
  if (api().nrt_get_vnc_memory_stats == nullptr) {
    throw Error(ErrorKind::kUnavailable,
                "this Neuron runtime does not report memory; it does from SDK 2.25 on");
  }
  nrt::nrt_vnc_memory_stats_t stats{};
  size_t written = 0;
  const nrt::NRT_STATUS status =
      api().nrt_get_vnc_memory_stats(static_cast<uint32_t>(core), &stats, sizeof(stats), &written);
  if (status != nrt::NRT_SUCCESS) throw NrtError(status, "nrt_get_vnc_memory_stats", core, "");
  return stats;
}

}  // namespace neuron_embed
