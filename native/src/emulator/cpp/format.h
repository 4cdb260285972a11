#ifndef NEURON_EMBED_EMULATOR_FORMAT_H_
#define NEURON_EMBED_EMULATOR_FORMAT_H_

#include <string>

namespace neuron_embed::emulator {

// printf into a string, cut at 511 bytes.
std::string Format(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_FORMAT_H_
