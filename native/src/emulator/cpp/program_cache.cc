#include "program_cache.h"

#include <functional>
#include <set>
#include <string_view>

#include "format.h"
#include "onnx_runtime.h"

namespace neuron_embed::emulator {

namespace {

template <typename Map>
void ForgetExpired(Map* map) {
  for (auto entry = map->begin(); entry != map->end();) {
    entry = entry->second.expired() ? map->erase(entry) : std::next(entry);
  }
}

// Checks that the spec and the ONNX model have the same inputs and outputs.
bool CheckPorts(const ModelSpec& spec, const OnnxSession& session, std::string* error) {
  const std::set<std::string> known =
      spec.packed() ? std::set<std::string>{"input_ids", "starts"}
                    : std::set<std::string>{"input_ids", "attention_mask", "token_type_ids"};
  for (const std::string& name : session.inputs()) {
    if (known.count(name) == 0) {
      std::string names;
      for (const std::string& one : known) names += (names.empty() ? "" : ", ") + one;
      *error = "the ONNX model's input " + name + " is none of " + names;
      return false;
    }
  }
  if (spec.packed() && session.inputs().size() != known.size()) {
    *error = "the ONNX model of a packed NEFF must have the inputs input_ids and starts";
    return false;
  }
  for (const OutputSpec& output : spec.outputs) {
    const OnnxSession::Port* port = nullptr;
    for (const OnnxSession::Port& candidate : session.outputs()) {
      if (port == nullptr && (output.source.empty() || candidate.name == output.source)) {
        port = &candidate;
      }
    }
    if (port == nullptr) {
      *error = "the ONNX model has no output " + output.source;
      return false;
    }
    const bool fits = port->rank == 3 ||
                      (port->rank == 2 && output.kind == OutputKind::kPooled && !spec.packed());
    if (!fits) {
      *error =
          "the ONNX model's output " + port->name + " cannot serve as " + output.name +
          (spec.packed()
               ? ": a packed one is float32 [batch, texts, hidden]"
               : ": raw needs float32 [batch, length, hidden], pooled that or [batch, hidden]");
      return false;
    }
  }
  return true;
}

}  // namespace

ProgramCache::Key ProgramCache::KeyOf(const uint8_t* bytes, size_t size, std::string settings) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  return {std::hash<std::string_view>()(text), size, std::move(settings)};
}

std::shared_ptr<OnnxSession> ProgramCache::SessionOf(const Neff& neff, const Config& config,
                                                     std::string* error) {
  const Key key = KeyOf(neff.onnx.data(), neff.onnx.size(),
                        Format("%u ", config.compute_threads) + config.onnx_runtime);
  std::weak_ptr<OnnxSession>& entry = sessions_[key];
  std::shared_ptr<OnnxSession> session = entry.lock();
  if (session != nullptr) return session;
  if (config.onnx_runtime.empty()) {
    *error =
        "the NEFF computes with ONNX Runtime: name libonnxruntime.so in compute.onnxRuntime of the "
        "configuration or in NRT_EMULATOR_ONNXRUNTIME";
    return nullptr;
  }
  std::shared_ptr<OnnxRuntime> runtime = OnnxRuntime::Load(config.onnx_runtime, error);
  if (runtime == nullptr) return nullptr;
  session = OnnxSession::Create(std::move(runtime), neff.onnx.data(), neff.onnx.size(),
                                config.compute_threads, error);
  entry = session;
  return session;
}

nrt::NRT_STATUS ProgramCache::Load(const uint8_t* bytes, size_t size, const Config& config,
                                   std::shared_ptr<const Program>* program, std::string* error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ForgetExpired(&programs_);
  ForgetExpired(&sessions_);
  const Key key = KeyOf(bytes, size, Format("%u ", config.compute_threads) + config.onnx_runtime);
  const auto known = programs_.find(key);
  if (known != programs_.end()) {
    *program = known->second.lock();
    if (*program != nullptr) return nrt::NRT_SUCCESS;
  }
  Neff neff;
  const nrt::NRT_STATUS status = ReadNeff(bytes, size, config.generation, &neff, error);
  if (status != nrt::NRT_SUCCESS) return status;
  auto made = std::make_shared<Program>();
  if (neff.spec.compute == ComputeKind::kOnnx) {
    made->session = SessionOf(neff, config, error);
    if (made->session == nullptr) return nrt::NRT_FAILURE;
    if (!CheckPorts(neff.spec, *made->session, error)) return nrt::NRT_INVALID;
  }
  made->spec = std::move(neff.spec);
  programs_[key] = made;
  *program = std::move(made);
  return nrt::NRT_SUCCESS;
}

}  // namespace neuron_embed::emulator
