// Names, meanings and classes of libnrt's status codes. The vendor's header declares
// nrt_get_status_as_str, but the library does not export it.

#ifndef NEURON_EMBED_NRT_NRT_STATUS_H_
#define NEURON_EMBED_NRT_NRT_STATUS_H_

#include <string>

#include "nrt/nrt_abi.h"

namespace neuron_embed::nrt {

// How to react to a status. The order is part of the C interface (neuron_capi.h).
enum class StatusClass : uint32_t {
  kSuccess = 0,
  kCallerBug = 1,            // our call was wrong: no retry
  kBadData = 2,              // the input was wrong, or the output is not a number: fail the request
  kTransient = 3,            // back-pressure: retry after a completion, bounded
  kResources = 4,            // too little memory or too few cores
  kVersion = 5,              // the versions of NEFF, runtime and driver are not compatible
  kUnspecific = 6,           // a code without a specific meaning, or an unknown number
  kHang = 7,                 // the execution did not finish: restart the process once, then give up
  kCoreDead = 8,             // the core needs a process restart at least
  kHardware = 9,             // stop using the core; the instance should be replaced
  kHardwareRepairable = 10,  // stop using the core; a driver reload or reboot repairs it
  kOther = 11,               // collectives and notification queues
};

struct StatusEntry {
  NRT_STATUS status;
  const char* name;
  StatusClass status_class;
  const char* meaning;  // one clause
};

// Every code of the public headers, in ascending order.
extern const StatusEntry kStatusTable[];
extern const size_t kStatusTableSize;

// The entry of `status`, or nullptr for a number that is in no public header.
const StatusEntry* FindStatus(NRT_STATUS status) noexcept;

// kUnspecific for an unknown number.
StatusClass ClassOf(NRT_STATUS status) noexcept;

// True if the core that returned `status` must not run another execution.
bool IsDeviceFailure(NRT_STATUS status) noexcept;

// "NRT_INVALID=2 (…meaning…)", or "NRT status 77" for an unknown number.
std::string DescribeStatus(NRT_STATUS status);

}  // namespace neuron_embed::nrt

#endif  // NEURON_EMBED_NRT_NRT_STATUS_H_
