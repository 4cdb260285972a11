#include "build_defaults.h"

namespace neuron_embed::emulator {

const char kDefaultVersion[] = NEURON_EMBED_EMULATOR_VERSION;

}  // namespace neuron_embed::emulator
