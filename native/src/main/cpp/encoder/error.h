// The exceptions of the encoder. None leaves the C interface, which turns them into a status.

#ifndef NEURON_EMBED_ENCODER_ERROR_H_
#define NEURON_EMBED_ENCODER_ERROR_H_

#include <stdexcept>
#include <string>

namespace neuron_embed::encoder {

enum class EncoderErrorKind {
  kArgument,     // an argument of the caller is wrong; the weights file is one
  kState,        // in use, or still has dependents
  kFile,         // a file cannot be read or written
  kPrepared,     // the prepared file is damaged, of another version, or not such a file
  kUnavailable,  // this machine cannot run the kernel
};

// A failure. Its message is one sentence: what failed, where, and what to do if something helps.
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
