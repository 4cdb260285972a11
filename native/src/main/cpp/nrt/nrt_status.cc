#include "nrt/nrt_status.h"

#include <algorithm>
#include <iterator>

namespace neuron_embed::nrt {

#define STATUS(NAME, CLASS, MEANING) \
  { NAME, #NAME, StatusClass::CLASS, MEANING }
const StatusEntry kStatusTable[] = {
    STATUS(NRT_SUCCESS, kSuccess, "success"),
    STATUS(NRT_FAILURE, kUnspecific, "unspecific failure, see the Neuron runtime's log"),
    STATUS(NRT_INVALID, kCallerBug, "invalid NEFF, argument, tensor name or size"),
    STATUS(NRT_INVALID_HANDLE, kCallerBug, "invalid handle"),
    STATUS(NRT_RESOURCE, kResources, "a device resource could not be allocated"),
    STATUS(NRT_TIMEOUT, kHang, "the operation timed out"),
    STATUS(NRT_HW_ERROR, kHardware, "hardware failure; at load also a NEFF for another chip"),
    STATUS(NRT_QUEUE_FULL, kTransient, "the execution queue is full"),
    STATUS(NRT_LOAD_NOT_ENOUGH_NC, kResources, "not enough NeuronCores to load the NEFF"),
    STATUS(NRT_UNSUPPORTED_NEFF_VERSION, kVersion,
           "the runtime is too old for this NEFF, or the NEFF is for another chip"),
    STATUS(NRT_FAIL_HOST_MEM_ALLOC, kResources, "host memory could not be allocated"),
    STATUS(NRT_UNINITIALIZED, kCallerBug, "the runtime is not initialised"),
    STATUS(NRT_CLOSED, kCallerBug, "the runtime is closed"),
    STATUS(NRT_QUEUE_EMPTY, kTransient, "a queue without data was read"),
    STATUS(NRT_EXEC_UNIT_UNRECOVERABLE, kCoreDead, "the NeuronCore cannot recover without a reset"),
    STATUS(NRT_EXEC_BAD_INPUT, kCallerBug, "an input does not fit the model"),
    STATUS(NRT_EXEC_COMPLETED_WITH_NUM_ERR, kBadData, "the execution produced NaN"),
    STATUS(NRT_EXEC_COMPLETED_WITH_ERR, kHardware, "the execution ended with a device error"),
    STATUS(NRT_EXEC_NC_BUSY, kTransient, "the NeuronCore is in use by another model or process"),
    STATUS(NRT_EXEC_OOB, kBadData,
           "an index is out of bounds, such as an id beyond the vocabulary"),
    STATUS(NRT_COLL_PENDING, kTransient, "a collective operation is pending"),
    STATUS(NRT_EXEC_HW_ERR_COLLECTIVES, kOther, "stuck in a collective operation"),
    STATUS(NRT_EXEC_HW_ERR_HBM_UE, kHardware, "uncorrectable error in device memory"),
    STATUS(NRT_EXEC_HW_ERR_NC_UE, kHardware, "parity error in the NeuronCore's memory"),
    STATUS(NRT_EXEC_HW_ERR_DMA_ABORT, kHardware, "a DMA engine failed"),
    STATUS(NRT_EXEC_SW_NQ_OVERFLOW, kOther,
           "the notification queue overflowed: set NEURON_RT_ENABLE_DGE_NOTIFICATIONS=0"),
    STATUS(NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE, kHardwareRepairable,
           "repairable error in device memory"),
    STATUS(NRT_NETWORK_PROXY_FAILURE, kOther, "the network proxy failed"),
};
#undef STATUS
const size_t kStatusTableSize = std::size(kStatusTable);

const StatusEntry* FindStatus(NRT_STATUS status) noexcept {
  const StatusEntry* end = std::end(kStatusTable);
  const StatusEntry* found = std::lower_bound(
      std::begin(kStatusTable), end, status,
      [](const StatusEntry& entry, NRT_STATUS wanted) { return entry.status < wanted; });
  return found != end && found->status == status ? found : nullptr;
}

StatusClass ClassOf(NRT_STATUS status) noexcept {
  const StatusEntry* entry = FindStatus(status);
  return entry == nullptr ? StatusClass::kUnspecific : entry->status_class;
}

bool IsDeviceFailure(NRT_STATUS status) noexcept {
  switch (ClassOf(status)) {
    case StatusClass::kHang:
    case StatusClass::kCoreDead:
    case StatusClass::kHardware:
    case StatusClass::kHardwareRepairable:
      return true;
    case StatusClass::kSuccess:
    case StatusClass::kCallerBug:
    case StatusClass::kBadData:
    case StatusClass::kTransient:
    case StatusClass::kResources:
    case StatusClass::kVersion:
    case StatusClass::kUnspecific:
    case StatusClass::kOther:
      return false;
  }
  return false;
}

std::string DescribeStatus(NRT_STATUS status) {
  const std::string number = std::to_string(static_cast<uint32_t>(status));
  const StatusEntry* entry = FindStatus(status);
  if (entry == nullptr) return "NRT status " + number;
  return std::string(entry->name) + "=" + number + " (" + entry->meaning + ")";
}

}  // namespace neuron_embed::nrt
