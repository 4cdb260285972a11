#include "token_input.h"

namespace neuron_embed::emulator {

namespace {

constexpr int64_t kTypeLimit = 1 << 16;

}  // namespace

TokenInput::TokenInput(const ModelSpec& spec, Role role)
    : index_(InputOfRole(spec, role)),
      wide_(index_ >= 0 && spec.inputs[static_cast<size_t>(index_)].dtype == Dtype::kInt64AsInt32) {
}

TokenInputs::TokenInputs(const ModelSpec& spec)
    : ids_(spec, Role::kInputIds),
      mask_(spec, Role::kAttentionMask),
      types_(spec, Role::kTokenTypeIds),
      starts_(spec, Role::kStarts),
      sequence_length_(spec.sequence_length),
      texts_(spec.texts),
      id_limit_(spec.vocabulary_size == 0 ? INT64_C(1) << 31
                                          : static_cast<int64_t>(spec.vocabulary_size)),
      pad_token_id_(spec.pad_token_id) {}

nrt::NRT_STATUS TokenInputs::Check(const uint8_t* const* inputs, size_t row) const {
  // Without branches, the loop runs at the speed of memory.
  bool ids_inside = true;
  bool others_valid = true;
  const size_t begin = row * sequence_length_;
  for (size_t i = begin; i < begin + sequence_length_; ++i) {
    const int64_t id = Id(inputs, i);
    ids_inside &= id >= 0 && id < id_limit_;
    if (mask_.present()) others_valid &= (Mask(inputs, i) & ~INT64_C(1)) == 0;
    if (types_.present()) others_valid &= Type(inputs, i) >= 0 && Type(inputs, i) < kTypeLimit;
  }
  for (size_t text = 0; starts_.present() && text <= texts_; ++text) {
    const int64_t start = Start(inputs, row, text);
    others_valid &= start >= 0 && start <= static_cast<int64_t>(sequence_length_);
  }
  if (!ids_inside) return nrt::NRT_EXEC_OOB;
  return others_valid ? nrt::NRT_SUCCESS : nrt::NRT_EXEC_BAD_INPUT;
}

}  // namespace neuron_embed::emulator
