// nrt_profile.h, nrt_experimental.h: profiles and traces. Both write a small JSON file that states
// that it is emulated. The vendor's tools cannot read it.

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "clock.h"
#include "exports.h"
#include "log.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

struct Profile {
  uint64_t model;
  uint64_t executions;  // at the start
};

std::mutex mutex;
std::map<std::string, Profile> profiles;  // by file name; guarded by mutex
bool tracing = false;                     // guarded by mutex
int64_t trace_start = 0;                  // guarded by mutex

NRT_STATUS WriteJson(const char* call, const char* filename, const nlohmann::ordered_json& value) {
  std::ofstream file(filename, std::ios::trunc);
  file << value.dump(2) << '\n';
  file.close();
  if (file) return nrt::NRT_SUCCESS;
  Log(LogLevel::kError, "%s: cannot write %s", call, filename);
  return nrt::NRT_FAILURE;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_profile_start(nrt::nrt_model_t* model, const char* filename) {
  constexpr char kCall[] = "nrt_profile_start";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (model == nullptr || filename == nullptr) return NullArgument(kCall);
  HandleState state;
  const ModelTable::Pin pin = runtime.models.Acquire(HandleOf(model), &state);
  if (!pin) return PinError(state, kCall, "model");
  const std::lock_guard<std::mutex> lock(mutex);
  profiles[filename] = {HandleOf(model), pin->executions.load(std::memory_order_relaxed)};
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_profile_stop(const char* filename) {
  constexpr char kCall[] = "nrt_profile_stop";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (filename == nullptr) return NullArgument(kCall);
  Profile profile;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto started = profiles.find(filename);
    if (started == profiles.end()) {
      ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: no profile of that name was started", kCall);
      return nrt::NRT_INVALID;
    }
    profile = started->second;
    profiles.erase(started);
  }
  HandleState state;
  const ModelTable::Pin pin = runtime.models.Acquire(profile.model, &state);
  if (!pin) return PinError(state, kCall, "model");
  return WriteJson(
      kCall, filename,
      {{"emulated", true},
       {"core", pin->core->index()},
       {"executions", pin->executions.load(std::memory_order_relaxed) - profile.executions},
       {"serviceNanos", pin->service_nanos}});
}

nrt::NRT_STATUS nrt_trace_start(bool) {
  const nrt::NRT_STATUS status = Runtime::Get().CheckState("nrt_trace_start");
  if (status != nrt::NRT_SUCCESS) return status;
  const std::lock_guard<std::mutex> lock(mutex);
  tracing = true;
  trace_start = NowNanos();
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_trace_stop(const char* filename) {
  constexpr char kCall[] = "nrt_trace_stop";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (filename == nullptr) return NullArgument(kCall);
  int64_t since = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!tracing) {
      ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: no trace was started", kCall);
      return nrt::NRT_INVALID;
    }
    tracing = false;
    since = trace_start;
  }
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  nlohmann::ordered_json trace = {{"emulated", true}, {"cores", nlohmann::ordered_json::array()}};
  std::vector<nrt_emulator_execution_t> records(4096);
  for (size_t i = 0; i < runtime.core_count(); ++i) {
    const size_t count =
        runtime.core(static_cast<int>(i))->CopyExecutions(records.data(), records.size());
    nlohmann::ordered_json executions = nlohmann::ordered_json::array();
    for (size_t j = 0; j < count; ++j) {
      if (records[j].submit_ns < since) continue;
      executions.push_back({{"submitNanos", records[j].submit_ns - since},
                            {"startNanos", records[j].start_ns - since},
                            {"endNanos", records[j].end_ns - since}});
    }
    trace["cores"].push_back({{"core", i}, {"executions", executions}});
  }
  return WriteJson(kCall, filename, trace);
}
