#include "encoder/prepared_file.h"

#include <cstring>

#include "encoder/error.h"

namespace neuron_embed::encoder {
namespace {

constexpr char kPreparedMagic[] = "NEENCPK1";
constexpr size_t kChecked = 32;  // the checksum covers the bytes from this offset on
constexpr size_t kConfigBytes = 100;
static_assert(sizeof(BertConfig) == kConfigBytes);
static_assert(kChecked + kConfigBytes <= kPreparedHeaderBytes);
static_assert(kPreparedHeaderBytes % 64 == 0);

// Returns one array after the other from the bytes. With a null base it only counts the bytes.
class Arrays {
 public:
  explicit Arrays(const uint8_t* base) : base_(base) {}

  template <typename T>
  const T* Take(size_t count) {
    const uint8_t* taken = base_ == nullptr ? nullptr : base_ + end_;
    end_ = (end_ + count * sizeof(T) + 63) / 64 * 64;
    return static_cast<const T*>(static_cast<const void*>(taken));
  }
  PackedMatrix Matrix(Element element, int k, int n) {
    PackedMatrix matrix{};
    matrix.shape = {element, k, n};
    matrix.scales = Take<float>(matrix.shape.scale_count());
    matrix.negated_sums = Take<int32_t>(matrix.shape.scale_count());
    matrix.bias = Take<float>(static_cast<size_t>(matrix.shape.padded_n()));
    matrix.values = Take<uint8_t>(matrix.shape.bytes());
    return matrix;
  }
  InputScaling Scaling(int k) {
    const auto* inverse_smooth = Take<float>(static_cast<size_t>(RoundUp(k, kStep)));
    return {inverse_smooth, Take<float>(static_cast<size_t>(RoundUp(k, kStep)))};
  }
  PackedNorm Norm(int size) {
    const auto* scale = Take<float>(static_cast<size_t>(size));
    return {scale, Take<float>(static_cast<size_t>(size))};
  }
  size_t end() const { return end_; }

 private:
  const uint8_t* base_;
  size_t end_ = kPreparedHeaderBytes;
};

// The order of the arrays.
PackedModel Bind(const BertConfig& config, Precision precision, Arrays* arrays) {
  const Element element = precision == Precision::kInt8 ? Element::kInt8 : Element::kInt16;
  const int hidden = config.hidden;
  const auto width = static_cast<size_t>(hidden);
  PackedModel model{};
  model.config = config;
  model.precision = precision;
  model.words = arrays->Take<int16_t>(static_cast<size_t>(config.vocabulary) * width);
  model.word_scales = arrays->Take<float>(static_cast<size_t>(config.vocabulary));
  model.positions = arrays->Take<float>(static_cast<size_t>(config.positions) * width);
  model.embedding_norm = arrays->Norm(hidden);
  model.layers.resize(static_cast<size_t>(config.layers));
  for (PackedLayer& layer : model.layers) {
    layer.attention_input = arrays->Scaling(hidden);
    layer.query = arrays->Matrix(element, hidden, hidden);
    layer.key = arrays->Matrix(element, hidden, hidden);
    layer.value = arrays->Matrix(element, hidden, hidden);
    layer.attention_output_input = arrays->Scaling(hidden);
    layer.attention_output = arrays->Matrix(element, hidden, hidden);
    layer.attention_norm = arrays->Norm(hidden);
    layer.intermediate_input = arrays->Scaling(hidden);
    layer.intermediate = arrays->Matrix(element, hidden, config.intermediate);
    layer.output_input = arrays->Scaling(config.intermediate);
    layer.output = arrays->Matrix(element, config.intermediate, hidden);
    layer.output_norm = arrays->Norm(hidden);
  }
  return model;
}

// Detects accidental damage. It does not protect against an attacker. Four
// independent sums let it run at the speed of memory. Each step is a bijection,
// so a change of any one byte always changes its sum.
uint64_t Checksum(const uint8_t* bytes, size_t size) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
  uint64_t sums[4] = {size, 1, 2, 3};
  const auto mix = [](uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * kOdd;
    return sum ^ (sum >> 29);
  };
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    uint64_t words[4];
    std::memcpy(words, bytes + at, sizeof words);
    for (int i = 0; i < 4; ++i) sums[i] = mix(sums[i], words[i]);
  }
  for (; at < size; ++at) sums[0] = mix(sums[0], bytes[at]);
  return mix(mix(mix(sums[0], sums[1]), sums[2]), sums[3]);
}

template <typename T>
T Load(const uint8_t* bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof value);
  return value;
}

template <typename T>
void Store(uint8_t* bytes, size_t offset, const T& value) {
  std::memcpy(bytes + offset, &value, sizeof value);
}

}  // namespace

size_t PreparedBytes(const BertConfig& config, Precision precision) {
  Arrays arrays(nullptr);
  Bind(config, precision, &arrays);
  return arrays.end();
}

PackedModel BindPrepared(const BertConfig& config, Precision precision, const uint8_t* bytes) {
  Arrays arrays(bytes);
  return Bind(config, precision, &arrays);
}

void SealPrepared(const BertConfig& config, Precision precision, uint8_t* bytes) {
  const size_t size = PreparedBytes(config, precision);
  std::memset(bytes, 0, kPreparedHeaderBytes);
  std::memcpy(bytes, kPreparedMagic, 8);
  Store(bytes, 8, kFormatVersion);
  Store(bytes, 12, static_cast<int32_t>(precision));
  Store(bytes, 16, static_cast<uint64_t>(size));
  Store(bytes, 32, config);
  Store(bytes, 24, Checksum(bytes + kChecked, size - kChecked));
}

PackedModel ReadPrepared(const std::string& name, const uint8_t* bytes, size_t size) {
  const auto fail = [&name](const std::string& what) {
    return EncoderError(EncoderErrorKind::kPrepared,
                        name + ": " + what + "; it has to be prepared anew");
  };
  if (size < kPreparedHeaderBytes || std::memcmp(bytes, kPreparedMagic, 8) != 0) {
    throw fail("no prepared file of the encoder");
  }
  if (Load<int32_t>(bytes, 8) != kFormatVersion) throw fail("prepared by another version");
  const auto number = Load<int32_t>(bytes, 12);
  const auto config = Load<BertConfig>(bytes, 32);
  if (number != 0 && number != 1) throw fail("a precision that there is not");
  if (const char* problem = ProblemOf(config)) throw fail(problem);
  const auto precision = static_cast<Precision>(number);
  if (Load<uint64_t>(bytes, 16) != size || PreparedBytes(config, precision) != size) {
    throw fail("not of the length that its header states");
  }
  if (Load<uint64_t>(bytes, 24) != Checksum(bytes + kChecked, size - kChecked)) {
    throw fail("damaged, its checksum is wrong");
  }
  return BindPrepared(config, precision, bytes);
}

}  // namespace neuron_embed::encoder
