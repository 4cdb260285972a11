// The emulator's own log, on stderr. The level follows NEURON_RT_LOG_LEVEL (default ERROR). No line
// ever holds the contents of a tensor.

#ifndef NEURON_EMBED_EMULATOR_LOG_H_
#define NEURON_EMBED_EMULATOR_LOG_H_

namespace neuron_embed::emulator {

enum class LogLevel : int { kQuiet = 0, kError, kWarn, kInfo, kDebug, kTrace };

// Reads NEURON_RT_LOG_LEVEL: QUIET, ERROR, WARN or WARNING, INFO, DEBUG, TRACE, in any case.
// Another value counts as ERROR.
void SetLogLevelFromEnvironment();

// Writes one line, whole, if the level is on.
void Log(LogLevel level, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_LOG_H_
