// The cores that a process gets, from NEURON_RT_VISIBLE_CORES and NEURON_RT_NUM_CORES.

#ifndef NEURON_EMBED_EMULATOR_VISIBLE_CORES_H_
#define NEURON_EMBED_EMULATOR_VISIBLE_CORES_H_

#include <cstdint>
#include <string>

namespace neuron_embed::emulator {

struct CoreRequest {
  uint32_t count;
  bool anywhere;   // any free cores; else the cores from `first` on
  uint32_t first;  // core number on the instance
};

// Reads both variables; VISIBLE_CORES has priority. An index ("3"), range ("0-3") or list
// ("0,1,2-3") must be ascending without gaps and inside an instance of `total` cores. Returns
// false, with *error, if it is not.
bool RequestedCores(uint32_t total, CoreRequest* request, std::string* error);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_VISIBLE_CORES_H_
