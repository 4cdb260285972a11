#include "format.h"

#include <cstdarg>
#include <cstdio>

namespace neuron_embed::emulator {

std::string Format(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

}  // namespace neuron_embed::emulator
