#include "misuse.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include "log.h"

namespace neuron_embed::emulator {

namespace {

constexpr uint64_t kLoggedPerKind = 100;

std::atomic<uint64_t> counts[NRT_EMULATOR_MISUSE_KINDS];

const char* const kNames[NRT_EMULATOR_MISUSE_KINDS] = {
    "state",
    "fork",
    "argument",
    "bad_handle",
    "stale_handle",
    "double_free",
    "free_after_close",
    "free_in_use",
    "free_in_set",
    "bounds",
    "tensor_set",
    "core",
    "concurrent_use",
    "close_in_use",
    "leak",
    "async",
    "placement",
};

}  // namespace

void ReportMisuse(MisuseKind kind, const char* format, ...) {
  const uint64_t before = counts[kind].fetch_add(1, std::memory_order_relaxed);
  if (before >= kLoggedPerKind) return;
  char text[768];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  Log(LogLevel::kError, "%s [misuse: %s]%s", text, kNames[kind],
      before + 1 == kLoggedPerKind ? "; further ones of this kind are not logged" : "");
}

uint64_t MisuseCount(MisuseKind kind) { return counts[kind].load(std::memory_order_relaxed); }

void ResetMisuse() {
  for (std::atomic<uint64_t>& count : counts) count.store(0, std::memory_order_relaxed);
}

}  // namespace neuron_embed::emulator

const char* nrt_emulator_misuse_name(uint32_t kind) {
  return kind < NRT_EMULATOR_MISUSE_KINDS ? neuron_embed::emulator::kNames[kind] : nullptr;
}
