// Counts what the program under test does wrong, and says so on stderr.

#ifndef NEURON_EMBED_EMULATOR_MISUSE_H_
#define NEURON_EMBED_EMULATOR_MISUSE_H_

#include <cstdint>

#include "nrt_emulator.h"

namespace neuron_embed::emulator {

using MisuseKind = nrt_emulator_misuse_kind;

// Counts one occurrence. The first lines of each kind are logged at level ERROR, later ones are
// counted only: a broken loop must not fill the disk.
void ReportMisuse(MisuseKind kind, const char* format, ...) __attribute__((format(printf, 2, 3)));

uint64_t MisuseCount(MisuseKind kind);
void ResetMisuse();

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_MISUSE_H_
