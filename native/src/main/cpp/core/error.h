// The exceptions of the core. None leaves the C interface, which turns them into a status struct.

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
  kState = 4,        // not possible in this state: closed, in use, or still has dependents
  kNeff = 5,         // the file is not a NEFF that can be loaded here
  kFile = 6,         // the file cannot be read
  kMemory = 7,       // host memory ran out
  kInternal = 8,     // a bug in this library
  kPrepared = 9,     // the prepared file is damaged, of another version, or not such a file
};

inline constexpr int kNoCore = -1;

// A failure. Its message is one sentence: what failed, where, and what to do if something helps.
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
  // `operation` is the name of the libnrt function, a string literal. `core` is kNoCore if no core
  // is involved. `detail` says what the call was for, `hint` what to do. Both may be empty.
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
