// Finds libnrt at run time, so that this library loads on machines without it.

#ifndef NEURON_EMBED_NRT_NRT_LIBRARY_H_
#define NEURON_EMBED_NRT_NRT_LIBRARY_H_

#include <string>
#include <vector>

#include "nrt/nrt_api.h"
#include "nrt_emulator.h"

namespace neuron_embed::nrt {

// The runtime versions that differ for this project, by version number. What a generation changes
// holds for the later ones, too. The order is part of the C interface (neuron_capi.h).
enum class Generation : uint32_t {
  kUnknown = 0,     // the library does not report its version
  kBefore2_30 = 1,  // tensor infos carry the old dtype numbers (legacy_dtype_t)
  kFrom2_30 = 2,    // SDK 2.28: new dtype numbers; transfers go through a bounce buffer by default
  kFrom2_32_31 =
      3,  // SDK 2.30: transfers use the caller's memory directly; VIRTUAL tensors are gone
  kFrom2_34_10 = 4,  // SDK 2.32: the implicit asynchronous mode is gone
  kFrom2_35 = 5,     // SDK 2.33: a device profile reserves 64 MB more of each core's memory
};

// Functions that only the project's emulator exports. Null for the real library.
struct EmulatorApi {
  decltype(&::nrt_emulator_configure) nrt_emulator_configure = nullptr;
  decltype(&::nrt_emulator_set_faults) nrt_emulator_set_faults = nullptr;
  decltype(&::nrt_emulator_get_counters) nrt_emulator_get_counters = nullptr;
  decltype(&::nrt_emulator_reset_counters) nrt_emulator_reset_counters = nullptr;
  decltype(&::nrt_emulator_get_core) nrt_emulator_get_core = nullptr;
};

// A loaded libnrt. Immutable. It is never unloaded, because the vendor's library starts threads.
class NrtLibrary {
 public:
  // The search order if no path is given.
  static constexpr const char* kSearchPaths[] = {"libnrt.so.1", "/opt/aws/neuron/lib/libnrt.so.1"};

  // Loads the library at `path`, and no other one if that fails. With an empty `path` it loads the
  // first usable one of kSearchPaths. A library is usable if it exports every required function.
  // Returns the same object for the same path, and nullptr if no library is usable. `tried` then
  // has one line per attempt: which file, and why it failed. Thread-safe.
  static const NrtLibrary* Open(const std::string& path, std::string* tried);

  NrtLibrary(const NrtLibrary&) = delete;
  NrtLibrary& operator=(const NrtLibrary&) = delete;

  const NrtApi& api() const { return api_; }
  const EmulatorApi& emulator() const { return emulator_; }
  bool emulated() const { return emulated_; }

  // The file it was loaded from.
  const std::string& path() const { return path_; }
  // Zeros if the library does not report it.
  const nrt_version_t& version() const { return version_; }
  Generation generation() const { return generation_; }
  // Whether the explicit asynchronous functions exist with symbol version NRT_3.0.0 (runtime 2.31
  // and later). Recorded for diagnosis; not used.
  bool has_nrt_3() const { return has_nrt_3_; }
  // Whether the library converts number formats on the device (nrt_tensor_cast, runtime 2.35 and
  // later). No public header declares this function (as of SDK 2.33). Recorded for diagnosis; not
  // used.
  bool has_tensor_cast() const { return has_tensor_cast_; }
  // Optional functions that the library does not export.
  const std::vector<std::string>& missing_optional() const { return missing_optional_; }

 private:
  NrtLibrary() = default;

  NrtApi api_;
  EmulatorApi emulator_;
  std::string path_;
  nrt_version_t version_{};
  Generation generation_ = Generation::kUnknown;
  bool emulated_ = false;
  bool has_nrt_3_ = false;
  bool has_tensor_cast_ = false;
  std::vector<std::string> missing_optional_;
};

Generation GenerationOf(const nrt_version_t& version) noexcept;

}  // namespace neuron_embed::nrt

#endif  // NEURON_EMBED_NRT_NRT_LIBRARY_H_
