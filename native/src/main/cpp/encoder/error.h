// What the encoder throws. Nothing of it leaves the C interface, which turns it into a status.

#ifndef NEURON_EMBED_ENCODER_ERROR_H_
#define NEURON_EMBED_ENCODER_ERROR_H_

#include <stdexcept>
#include <string>

namespace neuron_embed::encoder {

enum class EncoderErrorKind {
  kArgument,     // the caller's argument, the weights file among them, is wrong
  kState,        // in use, or still has dependents
  kFile,         // a file cannot be read or written
  kPrepared,     // the prepared file is damaged, foreign or of another version
  kUnavailable,  // this machine cannot run the kernel
};

// A failure with one sentence that says what, where, and what to do if there is something.
class EncoderError : public std::runtime_error {
 public:
  EncoderError(EncoderErrorKind kind, const std::string& message)
      : std::runtime_error(message), kind_(kind) {}

  EncoderErrorKind kind() const { return kind_; }

 private:
  EncoderErrorKind kind_;
};

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_ERROR_H_
