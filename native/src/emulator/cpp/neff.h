// An emulated NEFF: a NEFF container whose payload describes the computation in emulated/.

#ifndef NEURON_EMBED_EMULATOR_NEFF_H_
#define NEURON_EMBED_EMULATOR_NEFF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config.h"
#include "model_spec.h"
#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

struct Neff {
  ModelSpec spec;
  std::vector<uint8_t> onnx;  // empty unless spec.compute is kOnnx
};

// Reads a NEFF. The result does not refer to `bytes`. On failure *error says what is wrong, and
// the result is
//   NRT_INVALID                   not a NEFF, truncated, or not complete
//   NRT_UNSUPPORTED_NEFF_VERSION  a newer format version, unknown feature bits, or real
//                                 NeuronCore code, which only a real NeuronCore runs
//   generation.target_mismatch    compiled for another target than NeuronCore-v2
nrt::NRT_STATUS ReadNeff(const uint8_t* bytes, size_t size, const Generation& generation,
                         Neff* neff, std::string* error);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_NEFF_H_
