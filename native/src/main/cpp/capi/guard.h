// Converts C++ exceptions to the statuses of the C interface.

#ifndef NEURON_EMBED_CAPI_GUARD_H_
#define NEURON_EMBED_CAPI_GUARD_H_

#include <cstddef>
#include <cstring>
#include <exception>
#include <new>

#include "capi/neuron_capi.h"
#include "core/error.h"

namespace neuron_embed::capi {

// Copies `text`, cut at a UTF-8 character's border if it is too long.
template <size_t kSize>
void CopyText(char (&out)[kSize], const char* text) noexcept {
  size_t length = std::strlen(text);
  if (length >= kSize) {
    length = kSize - 1;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  }
  std::memcpy(out, text, length);
  out[length] = '\0';
}

inline void SetStatus(neuron_status* out, int32_t kind, uint32_t nrt_status, int core,
                      const char* operation, const char* message) noexcept {
  out->kind = kind;
  out->nrt_status = nrt_status;
  out->core = core;
  CopyText(out->operation, operation);
  CopyText(out->message, message);
}

// Runs `body`, writes the error that it throws to `out`, and returns its kind. Allocates nothing
// itself. If `out` is null, it only returns the kind.
template <typename Body>
int32_t Guard(neuron_status* out, Body&& body) noexcept {
  neuron_status unused;
  if (out == nullptr) out = &unused;
  try {
    body();
    out->kind = NEURON_OK;
    out->nrt_status = 0;
    out->core = kNoCore;
    out->operation[0] = '\0';
    out->message[0] = '\0';
  } catch (const NrtError& error) {
    SetStatus(out, NEURON_ERROR_NRT, error.status(), error.core(), error.operation(), error.what());
  } catch (const Error& error) {
    SetStatus(out, static_cast<int32_t>(error.kind()), 0, kNoCore, "", error.what());
  } catch (const std::bad_alloc&) {
    SetStatus(out, NEURON_ERROR_MEMORY, 0, kNoCore, "", "host memory ran out");
  } catch (const std::exception& error) {
    SetStatus(out, NEURON_ERROR_INTERNAL, 0, kNoCore, "", error.what());
  } catch (...) {
    SetStatus(out, NEURON_ERROR_INTERNAL, 0, kNoCore, "", "unknown C++ exception");
  }
  return out->kind;
}

// Like Guard, for a body that returns a pointer; null if it throws.
template <typename Body>
auto GuardPointer(neuron_status* out, Body&& body) noexcept -> decltype(body()) {
  decltype(body()) result = nullptr;
  Guard(out, [&] { result = body(); });
  return result;
}

}  // namespace neuron_embed::capi

#endif  // NEURON_EMBED_CAPI_GUARD_H_
