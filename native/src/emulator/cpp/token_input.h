// Reads the token inputs of a model: int32, or the int64 layout of models traced with int64
// examples.

#ifndef NEURON_EMBED_EMULATOR_TOKEN_INPUT_H_
#define NEURON_EMBED_EMULATOR_TOKEN_INPUT_H_

#include <cstddef>
#include <cstdint>

#include "model_spec.h"
#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

class TokenInput {
 public:
  // The input with this role, which may be absent.
  TokenInput(const ModelSpec& spec, Role role);

  bool present() const { return index_ >= 0; }

  // The value of `element` (row * sequence length + position). Only if present.
  int64_t At(const uint8_t* const* inputs, size_t element) const {
    const uint8_t* data = inputs[index_];
    if (!wide_) {
      int32_t value;
      __builtin_memcpy(&value, data + element * sizeof(value), sizeof(value));
      return value;
    }
    int64_t value;
    __builtin_memcpy(&value, data + element * sizeof(value), sizeof(value));
    return value;
  }

 private:
  int index_;
  bool wide_;
};

// The token inputs of a model. An absent mask is replaced by ids != pad, absent types by 0.
class TokenInputs {
 public:
  explicit TokenInputs(const ModelSpec& spec);

  // Checks every value of one row; Computation::Run documents the conditions.
  nrt::NRT_STATUS Check(const uint8_t* const* inputs, size_t row) const;

  // The start of a text in a packed row. For `text` = texts, or the first text that does not exist:
  // the end of the last text.
  int64_t Start(const uint8_t* const* inputs, size_t row, size_t text) const {
    return starts_.At(inputs, row * (texts_ + 1) + text);
  }
  int64_t Id(const uint8_t* const* inputs, size_t element) const {
    return ids_.At(inputs, element);
  }
  int64_t Mask(const uint8_t* const* inputs, size_t element) const {
    if (mask_.present()) return mask_.At(inputs, element);
    return ids_.At(inputs, element) != pad_token_id_ ? 1 : 0;
  }
  int64_t Type(const uint8_t* const* inputs, size_t element) const {
    return types_.present() ? types_.At(inputs, element) : 0;
  }

 private:
  TokenInput ids_;
  TokenInput mask_;
  TokenInput types_;
  TokenInput starts_;
  size_t sequence_length_;
  size_t texts_;
  int64_t id_limit_;
  int64_t pad_token_id_;
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_TOKEN_INPUT_H_
