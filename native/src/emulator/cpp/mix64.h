#ifndef NEURON_EMBED_EMULATOR_MIX64_H_
#define NEURON_EMBED_EMULATOR_MIX64_H_

#include <cstdint>

namespace neuron_embed::emulator {

inline constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;

// The finaliser of SplitMix64: a bijection in which every input bit affects the whole output.
inline constexpr uint64_t Mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_MIX64_H_
