// Emulated NEFF files for tests. The emulator computes a hash of the tokens, so that a wrong or
// outdated input changes the output.

#ifndef NEURON_EMBED_TEST_EMULATED_NEFF_H_
#define NEURON_EMBED_TEST_EMULATED_NEFF_H_

#include <cstdint>
#include <string>
#include <vector>

namespace neuron_embed::testing {

struct NeffOptions {
  uint32_t batch = 1;
  uint32_t sequence_length = 32;
  uint32_t hidden_size = 16;
  bool attention_mask = true;
  bool token_type_ids = false;
  bool int64_ids = false;
  uint32_t lnc_size = 1;
};

// Writes a NEFF below the temporary folder, with inputs input0 (ids), input1 (mask), input2 (types)
// and the output output0, float32 [batch, hidden_size]. Removes it when destroyed.
class NeffFile {
 public:
  explicit NeffFile(const NeffOptions& options = {});
  ~NeffFile();
  NeffFile(const NeffFile&) = delete;
  NeffFile& operator=(const NeffFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<unsigned char> NeffBytes(const NeffOptions& options);

}  // namespace neuron_embed::testing

#endif  // NEURON_EMBED_TEST_EMULATED_NEFF_H_
