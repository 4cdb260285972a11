#include "log.h"

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace neuron_embed::emulator {

namespace {

std::atomic<LogLevel> current_level{LogLevel::kError};

const char* const kLevelNames[] = {"QUIET", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};

}  // namespace

void SetLogLevelFromEnvironment() {
  LogLevel level = LogLevel::kError;
  if (const char* text = std::getenv("NEURON_RT_LOG_LEVEL")) {
    if (strcasecmp(text, "WARNING") == 0) level = LogLevel::kWarn;
    for (int i = 0; i < 6; ++i) {
      if (strcasecmp(text, kLevelNames[i]) == 0) level = static_cast<LogLevel>(i);
    }
  }
  current_level.store(level, std::memory_order_relaxed);
}

void Log(LogLevel level, const char* format, ...) {
  if (level > current_level.load(std::memory_order_relaxed)) return;
  char line[1024];
  const int prefix =
      std::snprintf(line, sizeof(line), "nrt-emulator %s: ", kLevelNames[static_cast<int>(level)]);
  va_list arguments;
  va_start(arguments, format);
  const int text =
      std::vsnprintf(line + prefix, sizeof(line) - static_cast<size_t>(prefix), format, arguments);
  va_end(arguments);
  const size_t length = std::min(
      static_cast<size_t>(prefix) + static_cast<size_t>(std::max(text, 0)), sizeof(line) - 1);
  line[length] = '\n';
  // If the write fails, there is no other place to report it.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line, length + 1);
}

}  // namespace neuron_embed::emulator
