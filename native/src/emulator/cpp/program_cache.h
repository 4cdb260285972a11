// Makes programs from NEFFs and shares them. Loading the same NEFF onto another core gives the same
// program. NEFFs of other shapes with the same ONNX model share its session.

#ifndef NEURON_EMBED_EMULATOR_PROGRAM_CACHE_H_
#define NEURON_EMBED_EMULATOR_PROGRAM_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "config.h"
#include "neff.h"
#include "objects.h"

namespace neuron_embed::emulator {

class ProgramCache {
 public:
  // Thread-safe; loads run one after the other. Returns the status and *error of ReadNeff, and
  // NRT_FAILURE if ONNX Runtime is missing or refuses the model.
  nrt::NRT_STATUS Load(const uint8_t* bytes, size_t size, const Config& config,
                       std::shared_ptr<const Program>* program, std::string* error);

 private:
  // Identifies a content by its size, a 64-bit hash, and all settings that affect the result.
  struct Key {
    uint64_t hash;
    size_t size;
    std::string settings;
    bool operator<(const Key& other) const {
      return std::tie(hash, size, settings) < std::tie(other.hash, other.size, other.settings);
    }
  };

  static Key KeyOf(const uint8_t* bytes, size_t size, std::string settings);
  std::shared_ptr<OnnxSession> SessionOf(const Neff& neff, const Config& config,
                                         std::string* error);

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const Program>> programs_;  // guarded by mutex_
  std::map<Key, std::weak_ptr<OnnxSession>> sessions_;    // guarded by mutex_
};

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_PROGRAM_CACHE_H_
