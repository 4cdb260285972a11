// Counts the errors of the program under test and logs them on stderr.

#ifndef NEURON_EMBED_EMULATOR_MISUSE_H_
#define NEURON_EMBED_EMULATOR_MISUSE_H_

#include <cstdint>

#include "nrt_emulator.h"

namespace neuron_embed::emulator {

using MisuseKind = nrt_emulator_misuse_kind;

// Counts one occurrence. Logs the first ones of each kind at level ERROR, and only counts later
// ones: an error in a loop must not fill the disk.
void ReportMisuse(MisuseKind kind, const char* format, ...) __attribute__((format(printf, 2, 3)));

uint64_t MisuseCount(MisuseKind kind);
void ResetMisuse();

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_MISUSE_H_
