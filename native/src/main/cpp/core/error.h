// What the core throws. Nothing of it leaves the C interface, which turns it into a status struct.

#ifndef NEURON_EMBED_CORE_ERROR_H_
#define NEURON_EMBED_CORE_ERROR_H_

#include <stdexcept>
#include <string>

#include "nrt/nrt_abi.h"

namespace neuron_embed {

// The order is part of the C interface (neuron_capi.h), where 0 is success.
enum class ErrorKind : int32_t {
  kNrt = 1,          // libnrt returned a status
  kUnavailable = 2,  // no usable libnrt, or no NeuronCore
  kArgument = 3,     // the caller's argument is wrong
  kState = 4,        // not now: closed, in use, or still has dependents
  kNeff = 5,         // the file is not a NEFF that can be loaded here
  kFile = 6,         // the file cannot be read
  kMemory = 7,       // host memory ran out
  kInternal = 8,     // a fault of ours
  kPrepared = 9,     // the encoder's prepared file is damaged, foreign or of another version
};

inline constexpr int kNoCore = -1;

// A failure with one sentence that says what, where, and what to do if there is something.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// A status other than success from libnrt.
class NrtError : public Error {
 public:
  // `operation` is the libnrt function, a literal; `core` is kNoCore where none is involved;
  // `detail` says what it was called for, `hint` what to do; both may be empty.
  NrtError(nrt::NRT_STATUS status, const char* operation, int core, const std::string& detail,
           const std::string& hint = {});

  nrt::NRT_STATUS status() const { return status_; }
  const char* operation() const { return operation_; }
  int core() const { return core_; }

 private:
  nrt::NRT_STATUS status_;
  const char* operation_;
  int core_;
};

}  // namespace neuron_embed

#endif  // NEURON_EMBED_CORE_ERROR_H_
