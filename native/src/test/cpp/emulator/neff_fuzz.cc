// Fuzz target for reading NEFFs (libFuzzer, clang): any bytes must give a result, not a crash. The
// target also uses the bytes as a payload behind a valid header, so that it reaches the archive.

#include <cstddef>
#include <cstdint>
#include <string>

#include "config.h"
#include "core/neff_header.h"
#include "neff.h"
#include "neff_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace neuron_embed::emulator;
  static const Generation* generation = new Generation(DefaultConfig().generation);
  neuron_embed::CheckNeff(data, size);
  std::string error;
  Neff neff;
  ReadNeff(data, size, *generation, &neff, &error);
  const std::string container =
      NeffContainer(std::string(reinterpret_cast<const char*>(data), size));
  Neff behind_header;
  ReadNeff(reinterpret_cast<const uint8_t*>(container.data()), container.size(), *generation,
           &behind_header, &error);
  return 0;
}
