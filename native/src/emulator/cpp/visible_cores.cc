#include "visible_cores.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "format.h"

namespace neuron_embed::emulator {

namespace {

// Reads a number at *text and moves *text after it.
bool ReadNumber(const char** text, uint32_t* number) {
  const char* end = *text + std::strlen(*text);
  const std::from_chars_result result = std::from_chars(*text, end, *number);
  if (result.ec != std::errc()) return false;
  *text = result.ptr;
  return true;
}

bool ParseVisible(const char* value, CoreRequest* request) {
  const char* text = value;
  uint32_t next = 0;
  for (bool first = true;; first = false) {
    uint32_t low = 0;
    if (!ReadNumber(&text, &low)) return false;
    uint32_t high = low;
    if (*text == '-' && (!ReadNumber(&++text, &high) || high < low)) return false;
    if (first) {
      request->first = low;
    } else if (low != next) {
      return false;
    }
    if (high == UINT32_MAX) return false;
    next = high + 1;
    if (*text == '\0') break;
    if (*text++ != ',') return false;
  }
  request->count = next - request->first;
  return true;
}

}  // namespace

bool RequestedCores(uint32_t total, CoreRequest* request, std::string* error) {
  const char* visible = std::getenv("NEURON_RT_VISIBLE_CORES");
  if (visible != nullptr && *visible != '\0') {
    request->anywhere = false;
    if (!ParseVisible(visible, request)) {
      *error =
          Format("NEURON_RT_VISIBLE_CORES=%s is no ascending list of cores without gaps", visible);
      return false;
    }
    if (request->first + uint64_t{request->count} > total) {
      *error = Format("NEURON_RT_VISIBLE_CORES=%s: the instance has the cores 0 to %d", visible,
                      static_cast<int>(total) - 1);
      return false;
    }
    return true;
  }
  *request = {total, false, 0};
  const char* number = std::getenv("NEURON_RT_NUM_CORES");
  if (number == nullptr || *number == '\0') return true;
  const char* text = number;
  uint32_t count = 0;
  if (!ReadNumber(&text, &count) || *text != '\0' || count > total) {
    *error = Format("NEURON_RT_NUM_CORES=%s is no number from 0 to %u", number, total);
    return false;
  }
  if (count != 0) *request = {count, true, 0};
  return true;
}

}  // namespace neuron_embed::emulator
