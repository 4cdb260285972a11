#include "nrt/nrt_library.h"

#include <dlfcn.h>

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace neuron_embed::nrt {
namespace {

// dlsym returns an object pointer. POSIX guarantees that it converts to a function pointer.
template <typename Function>
void Resolve(void* handle, const char* name, Function** out) {
  *out = reinterpret_cast<Function*>(dlsym(handle, name));
}

std::string LastDlError() {
  const char* error = dlerror();
  return error == nullptr ? "unknown error of the dynamic loader" : error;
}

std::string Join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

}  // namespace

Generation GenerationOf(const nrt_version_t& version) noexcept {
  const auto number = std::make_tuple(version.rt_major, version.rt_minor, version.rt_patch);
  if (version.rt_major == 0) return Generation::kUnknown;
  if (number < std::make_tuple(2u, 30u, 0u)) return Generation::kBefore2_30;
  if (number < std::make_tuple(2u, 32u, 31u)) return Generation::kFrom2_30;
  if (number < std::make_tuple(2u, 34u, 10u)) return Generation::kFrom2_32_31;
  if (number < std::make_tuple(2u, 35u, 0u)) return Generation::kFrom2_34_10;
  return Generation::kFrom2_35;
}

const NrtLibrary* NrtLibrary::Open(const std::string& path, std::string* tried) {
  static std::mutex mutex;
  static auto* const opened = new std::map<std::string, std::unique_ptr<NrtLibrary>>;

  std::lock_guard<std::mutex> lock(mutex);
  tried->clear();
  std::vector<std::string> candidates;
  if (path.empty()) {
    candidates.assign(std::begin(kSearchPaths), std::end(kSearchPaths));
  } else {
    candidates.push_back(path);
  }
  for (const std::string& candidate : candidates) {
    const auto known = opened->find(candidate);
    if (known != opened->end()) return known->second.get();

    const auto failed = [&](const std::string& reason) {
      // The loader's message usually starts with the path already.
      const bool named = reason.compare(0, candidate.size(), candidate) == 0;
      *tried += (tried->empty() ? "" : "\n") + (named ? reason : candidate + ": " + reason);
    };
    void* handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      failed(LastDlError());
      continue;
    }

    std::unique_ptr<NrtLibrary> library(new NrtLibrary);
    std::vector<std::string> missing;
#define RESOLVE_REQUIRED(NAME)                 \
  Resolve(handle, #NAME, &library->api_.NAME); \
  if (library->api_.NAME == nullptr) missing.push_back(#NAME);
    NEURON_EMBED_NRT_REQUIRED(RESOLVE_REQUIRED)
#undef RESOLVE_REQUIRED
    if (!missing.empty()) {
      failed("not a usable libnrt, it does not export " + Join(missing));
      dlclose(handle);
      continue;
    }
#define RESOLVE_OPTIONAL(NAME)                 \
  Resolve(handle, #NAME, &library->api_.NAME); \
  if (library->api_.NAME == nullptr) library->missing_optional_.push_back(#NAME);
    NEURON_EMBED_NRT_OPTIONAL(RESOLVE_OPTIONAL)
#undef RESOLVE_OPTIONAL
    EmulatorApi& emulator = library->emulator_;
    Resolve(handle, "nrt_emulator_configure", &emulator.nrt_emulator_configure);
    Resolve(handle, "nrt_emulator_set_faults", &emulator.nrt_emulator_set_faults);
    Resolve(handle, "nrt_emulator_get_counters", &emulator.nrt_emulator_get_counters);
    Resolve(handle, "nrt_emulator_reset_counters", &emulator.nrt_emulator_reset_counters);
    Resolve(handle, "nrt_emulator_get_core", &emulator.nrt_emulator_get_core);
    library->emulated_ = emulator.nrt_emulator_configure != nullptr &&
                         emulator.nrt_emulator_set_faults != nullptr &&
                         emulator.nrt_emulator_get_counters != nullptr &&
                         emulator.nrt_emulator_reset_counters != nullptr &&
                         emulator.nrt_emulator_get_core != nullptr;
    library->has_nrt_3_ = dlvsym(handle, "nrta_get_sequence", "NRT_3.0.0") != nullptr;
    library->has_tensor_cast_ = dlsym(handle, "nrt_tensor_cast") != nullptr;

    Dl_info info{};
    const bool located =
        dladdr(reinterpret_cast<void*>(library->api_.nrt_init), &info) != 0 && info.dli_fname;
    library->path_ = located ? info.dli_fname : candidate;

    if (library->api_.nrt_get_version != nullptr &&
        library->api_.nrt_get_version(&library->version_, sizeof(nrt_version_t)) != NRT_SUCCESS) {
      library->version_ = {};
    }
    library->version_.rt_detail[kVersionDetailLen - 1] = '\0';
    library->version_.git_hash[kGitHashLen - 1] = '\0';
    library->generation_ = GenerationOf(library->version_);
    return opened->emplace(candidate, std::move(library)).first->second.get();
  }
  return nullptr;
}

}  // namespace neuron_embed::nrt
