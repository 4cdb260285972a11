#include <algorithm>
#include <cmath>
#include <cstring>

#include "bfloat16.h"
#include "computation.h"
#include "mix64.h"
#include "token_input.h"

namespace neuron_embed::emulator {

namespace {

class HashComputation : public Computation {
 public:
  explicit HashComputation(const ModelSpec& spec) : spec_(spec), tokens_(spec) {}

  nrt::NRT_STATUS Run(const uint8_t* const* inputs, uint8_t* const* outputs) override {
    nrt::NRT_STATUS status = nrt::NRT_SUCCESS;
    for (size_t row = 0; row < spec_.batch && status == nrt::NRT_SUCCESS; ++row) {
      status = tokens_.Check(inputs, row);
    }
    if (status != nrt::NRT_SUCCESS) return status;
    for (size_t row = 0; row < spec_.batch; ++row) {
      if (!spec_.packed()) {
        Write(HashTokens(inputs, row, 0, spec_.sequence_length), row, outputs);
      }
      for (size_t text = 0; text < spec_.texts; ++text) {
        const uint64_t hash =
            HashTokens(inputs, row, static_cast<size_t>(tokens_.Start(inputs, row, text)),
                       static_cast<size_t>(tokens_.Start(inputs, row, text + 1)));
        Write(hash, row * spec_.texts + text, outputs);
      }
    }
    return nrt::NRT_SUCCESS;
  }

 private:
  void Write(uint64_t hash, size_t row, uint8_t* const* outputs) const {
    for (size_t i = 0; i < spec_.outputs.size(); ++i) {
      WriteRow(spec_.outputs[i], hash, row, outputs[i]);
    }
  }

  // The hash of the tokens [begin, end) of a row, as if the row had no others.
  uint64_t HashTokens(const uint8_t* const* inputs, size_t row, size_t begin, size_t end) const {
    uint64_t sum = 0;
    for (size_t position = 0; begin + position < end; ++position) {
      const size_t element = row * spec_.sequence_length + begin + position;
      const uint64_t word = static_cast<uint64_t>(tokens_.Id(inputs, element)) +
                            (static_cast<uint64_t>(tokens_.Type(inputs, element)) << 48) +
                            (uint64_t{position} << 32);
      // In a packed row, no token within a text is masked.
      const uint64_t counted =
          spec_.packed() ? ~uint64_t{0} : static_cast<uint64_t>(-tokens_.Mask(inputs, element));
      sum += Mix64(word + kGoldenGamma) & counted;
    }
    return Mix64(sum);
  }

  static void WriteRow(const OutputSpec& output, uint64_t hash, size_t row, uint8_t* data) {
    const size_t hidden = output.hidden_size;
    if (output.kind == OutputKind::kPooled) {
      const float magnitude = static_cast<float>(1.0 / std::sqrt(static_cast<double>(hidden)));
      WriteVector(output, hash, magnitude, data, row * hidden);
      return;
    }
    const size_t length = output.shape[1];
    for (size_t position = 0; position < length; ++position) {
      WriteVector(output, Mix64(hash + position), 1.0f, data, (row * length + position) * hidden);
    }
    // The first token's vector is the pooled vector before normalisation.
    WriteVector(output, hash, 1.0f, data, row * length * hidden);
  }

  // `hidden` elements of ±magnitude: element j is negative if bit j % 64 of the (j / 64)-th word of
  // the hash is set.
  static void WriteVector(const OutputSpec& output, uint64_t hash, float magnitude, uint8_t* data,
                          size_t first) {
    const size_t hidden = output.hidden_size;
    const bool narrow = output.dtype == Dtype::kBfloat16;
    uint32_t wide_bits;
    std::memcpy(&wide_bits, &magnitude, sizeof(wide_bits));
    const uint16_t narrow_bits = ToBfloat16(magnitude);
    for (size_t word = 0; word * 64 < hidden; ++word) {
      uint64_t signs = Mix64(hash + (word + 1) * kGoldenGamma);
      const size_t end = std::min<size_t>(hidden, word * 64 + 64);
      for (size_t j = word * 64; j < end; ++j, signs >>= 1) {
        if (narrow) {
          const auto value = static_cast<uint16_t>(narrow_bits | ((signs & 1) << 15));
          std::memcpy(data + (first + j) * sizeof(value), &value, sizeof(value));
        } else {
          const auto value = static_cast<uint32_t>(wide_bits | ((signs & 1) << 31));
          std::memcpy(data + (first + j) * sizeof(value), &value, sizeof(value));
        }
      }
    }
  }

  const ModelSpec& spec_;
  const TokenInputs tokens_;
};

}  // namespace

std::unique_ptr<Computation> MakeHashComputation(const ModelSpec& spec) {
  return std::make_unique<HashComputation>(spec);
}

}  // namespace neuron_embed::emulator
