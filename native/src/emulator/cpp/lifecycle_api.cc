// nrt.h, nrt_version.h: initialisation and topology.

#include <algorithm>
#include <cstring>

#include "exports.h"
#include "runtime.h"

namespace neuron_embed::emulator {

namespace {

using nrt::NRT_STATUS;

enum class Which { kVisible, kTotal };

NRT_STATUS Count(Which which, uint32_t* count, const char* call) {
  Runtime& runtime = Runtime::Get();
  if (runtime.forked()) return runtime.CheckState(call);
  if (count == nullptr) return NullArgument(call);
  uint32_t visible = 0;
  uint32_t total = 0;
  const NRT_STATUS status = runtime.CountCores(&visible, &total);
  if (status == nrt::NRT_SUCCESS) *count = which == Which::kVisible ? visible : total;
  return status;
}

}  // namespace

}  // namespace neuron_embed::emulator

namespace nrt = neuron_embed::nrt;
using namespace neuron_embed::emulator;

nrt::NRT_STATUS nrt_init(nrt::nrt_framework_type_t framework, const char* fw_version,
                         const char* fal_version) {
  return Runtime::Get().Init(framework, fw_version, fal_version);
}

void nrt_close() { Runtime::Get().Close(); }

nrt::NRT_STATUS nrt_get_visible_nc_count(uint32_t* vnc_count) {
  return Count(Which::kVisible, vnc_count, "nrt_get_visible_nc_count");
}

nrt::NRT_STATUS nrt_get_visible_vnc_count(uint32_t* vnc_count) {
  return Count(Which::kVisible, vnc_count, "nrt_get_visible_vnc_count");
}

nrt::NRT_STATUS nrt_get_total_nc_count(uint32_t* vnc_count) {
  return Count(Which::kTotal, vnc_count, "nrt_get_total_nc_count");
}

nrt::NRT_STATUS nrt_get_total_vnc_count(uint32_t* vnc_count) {
  return Count(Which::kTotal, vnc_count, "nrt_get_total_vnc_count");
}

nrt::NRT_STATUS nrt_get_instance_info(nrt::nrt_instance_info_t* info, size_t instance_info_len) {
  Runtime& runtime = Runtime::Get();
  const nrt::NRT_STATUS state = runtime.CheckState("nrt_get_instance_info");
  if (state != nrt::NRT_SUCCESS) return state;
  if (info == nullptr) return NullArgument("nrt_get_instance_info");
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  if (!runtime.initialized()) return runtime.CheckState("nrt_get_instance_info");
  const Config& config = runtime.config();
  if (instance_info_len == 0 || instance_info_len > config.generation.instance_info_bytes) {
    ReportMisuse(NRT_EMULATOR_MISUSE_ARGUMENT,
                 "nrt_get_instance_info: a length of %zu bytes; this runtime fills up to %zu",
                 instance_info_len, static_cast<size_t>(config.generation.instance_info_bytes));
    return nrt::NRT_INVALID;
  }
  nrt::nrt_instance_info_t filled = {};
  filled.family = config.family;
  filled.size = config.size;
  std::strncpy(filled.arch_name, "emulated", sizeof(filled.arch_name) - 1);
  std::strncpy(filled.device_revision, "1", sizeof(filled.device_revision) - 1);
  std::memcpy(info, &filled, instance_info_len);
  return nrt::NRT_SUCCESS;
}

nrt::NRT_STATUS nrt_get_version(nrt::nrt_version_t* ver, size_t size) {
  Runtime& runtime = Runtime::Get();
  if (runtime.forked()) return runtime.CheckState("nrt_get_version");
  if (ver == nullptr) return NullArgument("nrt_get_version");
  const std::shared_lock<std::shared_mutex> shared(runtime.control);
  Config config;
  if (!runtime.CurrentConfig(&config)) return nrt::NRT_INVALID;
  nrt::nrt_version_t filled = {};
  filled.rt_major = config.generation.version[0];
  filled.rt_minor = config.generation.version[1];
  filled.rt_patch = config.generation.version[2];
  filled.rt_maintenance = config.generation.version[3];
  std::strncpy(filled.rt_detail, "neuron-embed emulator, not the AWS Neuron Runtime",
               sizeof(filled.rt_detail) - 1);
  std::strncpy(filled.git_hash, "emulator", sizeof(filled.git_hash) - 1);
  std::memcpy(ver, &filled, std::min(size, sizeof(filled)));
  return nrt::NRT_SUCCESS;
}
