// Fuzz target for the encoder's prepared file (libFuzzer, clang). Opening any file must give a
// model or a refusal, and an accepted model must run within its memory. The checksum would refuse
// nearly all inputs, so the target also uses the input as the arrays behind a valid header.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "encoder/error.h"
#include "encoder/kernels.h"
#include "encoder/prepared_file.h"
#include "encoder/session.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace neuron_embed::encoder;

void Run(const PackedModel& model) {
  const int32_t ids[] = {0, model.config.vocabulary - 1, 0};
  const int32_t length = std::min(model.config.positions, 3);
  for (size_t i = 0; KernelAt(i) != nullptr; ++i) {
    Session session(model, *KernelAt(i), length, 1, 1);
    std::vector<float> out(static_cast<size_t>(model.config.hidden));
    session.Run({ids, 3, &length, 1}, out.data());
  }
}

void Read(const uint8_t* bytes, size_t size) {
  try {
    Run(ReadPrepared("input", bytes, size));
  } catch (const EncoderError&) {
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 16) return 0;
  // Aligned, like a mapped file.
  std::vector<uint64_t> memory((size + 7) / 8 + 8);
  auto* bytes = reinterpret_cast<uint8_t*>(memory.data());
  while (reinterpret_cast<uintptr_t>(bytes) % 64 != 0) bytes += 8;
  if (size > 0) std::memcpy(bytes, data, size);
  Read(bytes, size);

  const BertConfig config{1, 8, 2, 12, 3, 4, 0, 1, 1e-12F, {}};
  for (const Precision precision : {Precision::kExact, Precision::kInt8}) {
    const size_t whole = PreparedBytes(config, precision);
    std::vector<uint64_t> sealed(whole / 8 + 8);
    auto* file = reinterpret_cast<uint8_t*>(sealed.data());
    while (reinterpret_cast<uintptr_t>(file) % 64 != 0) file += 8;
    for (size_t i = kPreparedHeaderBytes; i < whole && size > 0; ++i) {
      file[i] = data[(i - kPreparedHeaderBytes) % size];
    }
    SealPrepared(config, precision, file);
    Read(file, whole);
  }
  return 0;
}
