// nrt_emulator.h.

#include <algorithm>
#include <cstring>

#include "exports.h"
#include "log.h"
#include "runtime.h"

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

uint32_t nrt_emulator_configure(const char* json) { return Runtime::Get().Configure(json); }

uint32_t nrt_emulator_set_faults(const char* json) {
  if (json == nullptr) return nrt::NRT_INVALID;
  std::vector<FaultRule> faults;
  std::string error;
  if (!ParseFaults(json, &faults, &error)) {
    Log(LogLevel::kError, "nrt_emulator_set_faults: %s", error.c_str());
    return nrt::NRT_INVALID;
  }
  Runtime::Get().SetFaults(faults);
  return nrt::NRT_SUCCESS;
}

uint32_t nrt_emulator_get_counters(nrt_emulator_counters_t* counters, size_t size) {
  if (counters == nullptr) return nrt::NRT_INVALID;
  const nrt_emulator_counters_t filled = Runtime::Get().Counters();
  std::memcpy(counters, &filled, std::min(size, sizeof(filled)));
  return nrt::NRT_SUCCESS;
}

void nrt_emulator_reset_counters() {
  Runtime& runtime = Runtime::Get();
  runtime.attached_copies.store(0, std::memory_order_relaxed);
  ResetMisuse();
}

uint32_t nrt_emulator_get_executions(int32_t core, nrt_emulator_execution_t* records,
                                     size_t capacity, size_t* count) {
  Runtime& runtime = Runtime::Get();
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  Core* found = runtime.FindCore(core);
  if (found == nullptr || records == nullptr || count == nullptr) return nrt::NRT_INVALID;
  *count = found->CopyExecutions(records, capacity);
  return nrt::NRT_SUCCESS;
}

uint32_t nrt_emulator_get_transfers(int32_t core, nrt_emulator_transfer_t* records, size_t capacity,
                                    size_t* count) {
  Runtime& runtime = Runtime::Get();
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  Core* found = runtime.FindCore(core);
  if ((found == nullptr && core != -1) || records == nullptr || count == nullptr) {
    return nrt::NRT_INVALID;
  }
  const TransferLog& log = found != nullptr ? found->transfers() : runtime.host_transfers();
  *count = log.Copy(records, capacity);
  return nrt::NRT_SUCCESS;
}

uint32_t nrt_emulator_get_core(int32_t core, nrt_emulator_core_t* info, size_t size) {
  Runtime& runtime = Runtime::Get();
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  Core* found = runtime.FindCore(core);
  if (found == nullptr || info == nullptr) return nrt::NRT_INVALID;
  const nrt_emulator_core_t totals = found->Totals();
  std::memcpy(info, &totals, std::min(size, sizeof(totals)));
  return nrt::NRT_SUCCESS;
}
