#ifndef NEURON_EMBED_EMULATOR_BFLOAT16_H_
#define NEURON_EMBED_EMULATOR_BFLOAT16_H_

#include <cmath>
#include <cstdint>
#include <cstring>

namespace neuron_embed::emulator {

// The upper half of the float, rounded to nearest, ties to even. A NaN stays a (quiet) NaN.
inline uint16_t ToBfloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x0040u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

inline float FromBfloat16(uint16_t value) {
  const uint32_t bits = uint32_t{value} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_BFLOAT16_H_
