// nrt.h, nrt_experimental.h: memory statistics and device memory. Also functions for collectives
// and peer transfers, which the emulator does not support.

#include <algorithm>
#include <cstring>

#include "exports.h"
#include "log.h"
#include "runtime.h"

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_get_vnc_memory_stats(uint32_t vnc, nrt::nrt_vnc_memory_stats_t* stats,
                                         size_t stats_size_in, size_t* stats_size_out) {
  constexpr char kCall[] = "nrt_get_vnc_memory_stats";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (stats == nullptr || stats_size_out == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  const Core* core = runtime.FindCore(vnc);
  if (core == nullptr) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: there is no core %u", kCall, vnc);
    return nrt::NRT_INVALID;
  }
  const nrt::nrt_vnc_memory_stats_t filled = {core->memory_used(), core->memory_limit()};
  *stats_size_out = std::min(stats_size_in, sizeof(filled));
  std::memcpy(stats, &filled, *stats_size_out);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_memcpy_to_device(void* dest, const void* src, size_t size) {
  constexpr char kCall[] = "nrt_memcpy_to_device";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (dest == nullptr || src == nullptr) return NullArgument(kCall);
  bool copied = false;
  const auto destination = reinterpret_cast<uintptr_t>(dest);
  runtime.tensors.ForEach([&](Tensor& tensor) {
    if (copied || tensor.core() == nullptr) return;
    const auto begin = reinterpret_cast<uintptr_t>(tensor.data());
    if (destination < begin || destination - begin > tensor.size ||
        size > tensor.size - (destination - begin)) {
      return;
    }
    std::memcpy(dest, src, size);
    copied = true;
  });
  if (copied) return nrt::NRT_SUCCESS;
  ReportMisuse(NRT_EMULATOR_MISUSE_BOUNDS, "%s: the destination is not within a device tensor",
               kCall);
  return nrt::NRT_INVALID;
}

nrt::NRT_STATUS nrt_host_device_id_get(int neuron_dev, uint32_t* host_device_id) {
  constexpr char kCall[] = "nrt_host_device_id_get";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (host_device_id == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  if (neuron_dev < 0 || static_cast<uint32_t>(neuron_dev) >= runtime.config().devices) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT, "%s: there is no device %d", kCall, neuron_dev);
    return nrt::NRT_INVALID;
  }
  *host_device_id = static_cast<uint32_t>(neuron_dev);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_host_device_id_rid_map_get(uint32_t* count, uint32_t* host_did_to_rid_map) {
  constexpr char kCall[] = "nrt_host_device_id_rid_map_get";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  if (count == nullptr || host_did_to_rid_map == nullptr) return NullArgument(kCall);
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  *count = std::min(*count, runtime.config().devices);
  for (uint32_t i = 0; i < *count; ++i) host_did_to_rid_map[i] = i;
  return nrt::NRT_SUCCESS;
}

// The emulator has no device memory that can be mapped or shared with a network adapter.

nrt::NRT_STATUS nrt_get_dmabuf_fd(uint64_t, uint64_t, int*) {
  const nrt::NRT_STATUS status = Runtime::Get().CheckState("nrt_get_dmabuf_fd");
  return status != nrt::NRT_SUCCESS ? status : nrt::NRT_INVALID;
}

nrt::NRT_STATUS nrt_get_hbm_mmap_va(int, int, void**, size_t*) {
  const nrt::NRT_STATUS status = Runtime::Get().CheckState("nrt_get_hbm_mmap_va");
  return status != nrt::NRT_SUCCESS ? status : nrt::NRT_INVALID;
}

nrt::NRT_STATUS nrt_get_attached_efa_bdf(const void*, char*, size_t*) {
  const nrt::NRT_STATUS status = Runtime::Get().CheckState("nrt_get_attached_efa_bdf");
  return status != nrt::NRT_SUCCESS ? status : nrt::NRT_FAILURE;
}

// Executions are always synchronous, so nothing is queued and the callback is never called.

nrt::NRT_STATUS nrt_register_async_exec_callback(NRT_ASYNC_EXEC_STATUS_CALLBACK, void*) {
  return Runtime::Get().CheckState("nrt_register_async_exec_callback");
}

nrt::NRT_STATUS nrt_async_drain_queued_execs(int32_t vnc) {
  constexpr char kCall[] = "nrt_async_drain_queued_execs";
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState(kCall);
  if (status != nrt::NRT_SUCCESS) return status;
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  return runtime.FindCore(vnc) != nullptr ? nrt::NRT_SUCCESS : nrt::NRT_INVALID;
}

// A barrier for one worker.
nrt::NRT_STATUS nrt_barrier(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count) {
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS status = runtime.CheckState("nrt_barrier");
  if (status != nrt::NRT_SUCCESS) return status;
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  if (runtime.FindCore(vnc) != nullptr && g_device_id == 0 && g_device_count == 1) {
    return nrt::NRT_SUCCESS;
  }
  Log(LogLevel::kError, "nrt_barrier: collectives of several devices are not emulated");
  return nrt::NRT_INVALID;
}
