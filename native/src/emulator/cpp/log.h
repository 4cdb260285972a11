// The emulator's log, on stderr. NEURON_RT_LOG_LEVEL sets the level (default ERROR). No line
// contains data of a tensor.

#ifndef NEURON_EMBED_EMULATOR_LOG_H_
#define NEURON_EMBED_EMULATOR_LOG_H_

namespace neuron_embed::emulator {

enum class LogLevel : int { kQuiet = 0, kError, kWarn, kInfo, kDebug, kTrace };

// Reads NEURON_RT_LOG_LEVEL: QUIET, ERROR, WARN or WARNING, INFO, DEBUG, TRACE, in any case.
// Another value counts as ERROR.
void SetLogLevelFromEnvironment();

// Writes one line, in one piece, if the level is enabled.
void Log(LogLevel level, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_LOG_H_
