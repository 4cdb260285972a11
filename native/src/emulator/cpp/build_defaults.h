#ifndef NEURON_EMBED_EMULATOR_BUILD_DEFAULTS_H_
#define NEURON_EMBED_EMULATOR_BUILD_DEFAULTS_H_

namespace neuron_embed::emulator {

// The runtime version that this build of the library emulates unless configured otherwise.
extern const char kDefaultVersion[];

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_BUILD_DEFAULTS_H_
