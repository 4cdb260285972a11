#include "onnx_runtime.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "log.h"

namespace neuron_embed::emulator {

namespace {

// The API's objects are opaque, so all are declared as void.
using OrtStatus = void;

constexpr uint32_t kApiVersion = 11;  // old enough for every release still in use
constexpr int kLogError = 3;
constexpr int kOptimizeAll = 99;
constexpr int kElementFloat = 1;
constexpr int kElementInt64 = 7;
constexpr int kDeviceAllocator = 0;  // OrtDeviceAllocator: not from an arena; it is our memory
constexpr int kDefaultMemory = 0;    // OrtMemTypeDefault

std::atomic<uint64_t> live_sessions{0};

// Every run holds this mutex shared. ONNX Runtime's exit handlers destroy it while other threads
// may still run a model. The emulator's exit handler runs before them; it waits for the current
// runs and lets no new run begin.
std::shared_mutex& RunGate() {
  static std::shared_mutex* gate = new std::shared_mutex();
  return *gate;
}
std::atomic<bool> exiting{false};

void CloseRunGate() {
  exiting.store(true);
  const std::unique_lock<std::shared_mutex> drained(RunGate());
}

}  // namespace

// The functions used, with their positions in OrtApi.
struct OnnxRuntime::Table {
  template <typename Function, size_t Position>
  struct Entry {
    Function* function = nullptr;
    template <typename... Arguments>
    auto operator()(Arguments... arguments) const {
      return function(arguments...);
    }
    void Fill(void* const* table) {
      static_assert(sizeof(Function*) == sizeof(void*));
      std::memcpy(&function, table + Position, sizeof(function));
    }
  };

  Entry<const char*(const OrtStatus*), 2> GetErrorMessage;
  Entry<OrtStatus*(int level, const char* id, void** environment), 3> CreateEnv;
  Entry<OrtStatus*(const void* environment, const void* bytes, size_t size, const void* options,
                   void** session),
        8>
      CreateSessionFromArray;
  Entry<OrtStatus*(void* session, const void* run_options, const char* const* input_names,
                   const void* const* inputs, size_t input_count, const char* const* output_names,
                   size_t output_count, void** outputs),
        9>
      Run;
  Entry<OrtStatus*(void** options), 10> CreateSessionOptions;
  Entry<OrtStatus*(void* options, int level), 23> SetSessionGraphOptimizationLevel;
  Entry<OrtStatus*(void* options, int threads), 24> SetIntraOpNumThreads;
  Entry<OrtStatus*(void* options, int threads), 25> SetInterOpNumThreads;
  Entry<OrtStatus*(const void* session, size_t* count), 30> SessionGetInputCount;
  Entry<OrtStatus*(const void* session, size_t* count), 31> SessionGetOutputCount;
  Entry<OrtStatus*(const void* session, size_t index, void** type_info), 33>
      SessionGetInputTypeInfo;
  Entry<OrtStatus*(const void* session, size_t index, void** type_info), 34>
      SessionGetOutputTypeInfo;
  Entry<OrtStatus*(const void* session, size_t index, void* allocator, char** name), 36>
      SessionGetInputName;
  Entry<OrtStatus*(const void* session, size_t index, void* allocator, char** name), 37>
      SessionGetOutputName;
  Entry<OrtStatus*(const void* info, void* data, size_t size, const int64_t* shape, size_t rank,
                   int element_type, void** value),
        49>
      CreateTensorWithDataAsOrtValue;
  Entry<OrtStatus*(void* value, void** data), 51> GetTensorMutableData;
  Entry<OrtStatus*(const void* type_info, const void** tensor_info), 55> CastTypeInfoToTensorInfo;
  Entry<OrtStatus*(const void* tensor_info, int* type), 60> GetTensorElementType;
  Entry<OrtStatus*(const void* tensor_info, size_t* count), 61> GetDimensionsCount;
  Entry<OrtStatus*(const void* tensor_info, int64_t* dimensions, size_t count), 62> GetDimensions;
  Entry<OrtStatus*(const void* value, void** tensor_info), 65> GetTensorTypeAndShape;
  Entry<OrtStatus*(int allocator_type, int memory_type, void** info), 69> CreateCpuMemoryInfo;
  Entry<OrtStatus*(void* allocator, void* memory), 76> AllocatorFree;
  Entry<OrtStatus*(void** allocator), 78> GetAllocatorWithDefaultOptions;
  Entry<void(void*), 93> ReleaseStatus;
  Entry<void(void*), 94> ReleaseMemoryInfo;
  Entry<void(void*), 95> ReleaseSession;
  Entry<void(void*), 96> ReleaseValue;
  Entry<void(void*), 98> ReleaseTypeInfo;
  Entry<void(void*), 99> ReleaseTensorTypeAndShapeInfo;
  Entry<void(void*), 100> ReleaseSessionOptions;
  Entry<OrtStatus*(void* options, const char* key, const char* value), 130> AddSessionConfigEntry;

  explicit Table(void* const* api) {
    GetErrorMessage.Fill(api);
    CreateEnv.Fill(api);
    CreateSessionFromArray.Fill(api);
    Run.Fill(api);
    CreateSessionOptions.Fill(api);
    SetSessionGraphOptimizationLevel.Fill(api);
    SetIntraOpNumThreads.Fill(api);
    SetInterOpNumThreads.Fill(api);
    SessionGetInputCount.Fill(api);
    SessionGetOutputCount.Fill(api);
    SessionGetInputTypeInfo.Fill(api);
    SessionGetOutputTypeInfo.Fill(api);
    SessionGetInputName.Fill(api);
    SessionGetOutputName.Fill(api);
    CreateTensorWithDataAsOrtValue.Fill(api);
    GetTensorMutableData.Fill(api);
    CastTypeInfoToTensorInfo.Fill(api);
    GetTensorElementType.Fill(api);
    GetDimensionsCount.Fill(api);
    GetDimensions.Fill(api);
    GetTensorTypeAndShape.Fill(api);
    CreateCpuMemoryInfo.Fill(api);
    AllocatorFree.Fill(api);
    GetAllocatorWithDefaultOptions.Fill(api);
    ReleaseStatus.Fill(api);
    ReleaseMemoryInfo.Fill(api);
    ReleaseSession.Fill(api);
    ReleaseValue.Fill(api);
    ReleaseTypeInfo.Fill(api);
    ReleaseTensorTypeAndShapeInfo.Fill(api);
    ReleaseSessionOptions.Fill(api);
    AddSessionConfigEntry.Fill(api);
  }

  // True if `status` is success; else moves its message to *error.
  bool Ok(OrtStatus* status, std::string* error) const {
    if (status == nullptr) return true;
    *error = std::string("ONNX Runtime: ") + GetErrorMessage(static_cast<const void*>(status));
    ReleaseStatus(status);
    return false;
  }
};

std::shared_ptr<OnnxRuntime> OnnxRuntime::Load(const std::string& path, std::string* error) {
  static std::mutex mutex;
  // Never destroyed: the emulator's exit handlers must not unload ONNX Runtime.
  static auto* loaded = new std::map<std::string, std::shared_ptr<OnnxRuntime>>();
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<OnnxRuntime>& entry = (*loaded)[path];
  if (entry != nullptr) return entry;

  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    *error = std::string("cannot load ONNX Runtime: ") + dlerror();
    return nullptr;
  }
  struct ApiBase {  // OrtApiBase
    const void* (*get_api)(uint32_t version);
    const char* (*get_version)();
  };
  const ApiBase* (*get_base)() = nullptr;
  void* const symbol = dlsym(library, "OrtGetApiBase");
  std::memcpy(&get_base, &symbol, sizeof(get_base));
  const void* api = get_base == nullptr ? nullptr : get_base()->get_api(kApiVersion);
  if (api == nullptr) {
    *error = path + " is no ONNX Runtime, or one older than 1.11";
    return nullptr;
  }
  std::shared_ptr<OnnxRuntime> runtime(new OnnxRuntime());
  runtime->table_ = std::make_unique<Table>(static_cast<void* const*>(api));
  const Table& table = *runtime->table_;
  if (!table.Ok(table.CreateEnv(kLogError, "nrt-emulator", &runtime->environment_), error)) {
    return nullptr;
  }
  static const int registered = std::atexit(CloseRunGate);
  if (registered != 0) Log(LogLevel::kWarn, "no exit handler could be registered");
  Log(LogLevel::kInfo, "computing with ONNX Runtime %s from %s", get_base()->get_version(),
      path.c_str());
  entry = std::move(runtime);
  return entry;
}

std::unique_ptr<OnnxSession> OnnxSession::Create(std::shared_ptr<OnnxRuntime> runtime,
                                                 const uint8_t* bytes, size_t size,
                                                 uint32_t threads, std::string* error) {
  const OnnxRuntime::Table& table = runtime->table();
  void* options = nullptr;
  if (!table.Ok(table.CreateSessionOptions(&options), error)) return nullptr;
  std::unique_ptr<OnnxSession> session(new OnnxSession());
  session->runtime_ = std::move(runtime);
  const bool created =
      table.Ok(table.SetSessionGraphOptimizationLevel(options, kOptimizeAll), error) &&
      table.Ok(table.SetIntraOpNumThreads(options, static_cast<int>(threads)), error) &&
      table.Ok(table.SetInterOpNumThreads(options, 1), error) &&
      table.Ok(table.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"),
               error) &&
      table.Ok(table.CreateCpuMemoryInfo(kDeviceAllocator, kDefaultMemory, &session->memory_info_),
               error) &&
      table.Ok(
          table.CreateSessionFromArray(static_cast<const void*>(session->runtime_->environment()),
                                       static_cast<const void*>(bytes), size,
                                       static_cast<const void*>(options), &session->session_),
          error);
  table.ReleaseSessionOptions(options);
  if (created) live_sessions.fetch_add(1, std::memory_order_relaxed);
  if (!created || !session->ReadPorts(true, error) || !session->ReadPorts(false, error)) {
    return nullptr;
  }
  return session;
}

OnnxSession::~OnnxSession() {
  const OnnxRuntime::Table& table = runtime_->table();
  if (session_ != nullptr) {
    table.ReleaseSession(session_);
    live_sessions.fetch_sub(1, std::memory_order_relaxed);
  }
  if (memory_info_ != nullptr) table.ReleaseMemoryInfo(memory_info_);
}

uint64_t OnnxSession::live() { return live_sessions.load(std::memory_order_relaxed); }

bool OnnxSession::ReadPorts(bool inputs, std::string* error) {
  const OnnxRuntime::Table& table = runtime_->table();
  const void* session = session_;
  void* allocator = nullptr;
  size_t count = 0;
  if (!table.Ok(table.GetAllocatorWithDefaultOptions(&allocator), error) ||
      !table.Ok(inputs ? table.SessionGetInputCount(session, &count)
                       : table.SessionGetOutputCount(session, &count),
                error)) {
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    char* text = nullptr;
    if (!table.Ok(inputs ? table.SessionGetInputName(session, i, allocator, &text)
                         : table.SessionGetOutputName(session, i, allocator, &text),
                  error)) {
      return false;
    }
    const std::string name = text;
    std::string ignored;
    table.Ok(table.AllocatorFree(allocator, static_cast<void*>(text)), &ignored);

    void* type_info = nullptr;
    if (!table.Ok(inputs ? table.SessionGetInputTypeInfo(session, i, &type_info)
                         : table.SessionGetOutputTypeInfo(session, i, &type_info),
                  error)) {
      return false;
    }
    const void* tensor_info = nullptr;  // owned by type_info; null if it is no tensor
    int element_type = 0;
    size_t rank = 0;
    const bool read =
        table.Ok(table.CastTypeInfoToTensorInfo(static_cast<const void*>(type_info), &tensor_info),
                 error) &&
        (tensor_info == nullptr ||
         (table.Ok(table.GetTensorElementType(tensor_info, &element_type), error) &&
          table.Ok(table.GetDimensionsCount(tensor_info, &rank), error)));
    table.ReleaseTypeInfo(type_info);
    if (!read) return false;
    if (inputs) {
      if (element_type != kElementInt64 || rank != 2) {
        *error = "the model's input " + name + " is not an int64 tensor [batch, length]";
        return false;
      }
      inputs_.push_back(name);
    } else {
      // A model may have outputs that are not float tensors, but they cannot be used: rank 0.
      outputs_.push_back({name, element_type == kElementFloat ? rank : 0});
    }
  }
  return true;
}

bool OnnxSession::Run(const std::vector<Input>& values, int64_t batch,
                      const std::vector<size_t>& wanted, Consumer* consumer, std::string* error) {
  const OnnxRuntime::Table& table = runtime_->table();
  const std::shared_lock<std::shared_mutex> gate(RunGate());
  if (exiting.load()) {
    *error = "the process is exiting";
    return false;
  }
  std::vector<const char*> input_names;
  std::vector<void*> inputs(values.size(), nullptr);
  std::vector<const char*> output_names;
  std::vector<void*> outputs(wanted.size(), nullptr);
  bool ok = true;
  for (size_t i = 0; i < values.size() && ok; ++i) {
    input_names.push_back(inputs_[i].c_str());
    // The API takes a pointer to mutable data, but it only reads inputs.
    void* data = const_cast<int64_t*>(values[i].data);
    const int64_t shape[2] = {batch, values[i].length};
    const size_t bytes = static_cast<size_t>(batch * values[i].length) * sizeof(int64_t);
    ok = table.Ok(table.CreateTensorWithDataAsOrtValue(static_cast<const void*>(memory_info_), data,
                                                       bytes, static_cast<const int64_t*>(shape),
                                                       size_t{2}, kElementInt64, &inputs[i]),
                  error);
  }
  for (const size_t output : wanted) output_names.push_back(outputs_[output].name.c_str());
  ok = ok && table.Ok(table.Run(session_, static_cast<const void*>(nullptr),
                                static_cast<const char* const*>(input_names.data()),
                                static_cast<const void* const*>(inputs.data()), inputs.size(),
                                static_cast<const char* const*>(output_names.data()),
                                output_names.size(), outputs.data()),
                      error);
  for (size_t i = 0; i < wanted.size() && ok; ++i) {
    void* tensor_info = nullptr;
    void* data = nullptr;
    size_t rank = 0;
    ok = table.Ok(table.GetTensorTypeAndShape(static_cast<const void*>(outputs[i]), &tensor_info),
                  error) &&
         table.Ok(table.GetDimensionsCount(static_cast<const void*>(tensor_info), &rank), error);
    std::vector<int64_t> dims(rank);
    ok = ok &&
         table.Ok(table.GetDimensions(static_cast<const void*>(tensor_info), dims.data(), rank),
                  error) &&
         table.Ok(table.GetTensorMutableData(outputs[i], &data), error);
    if (tensor_info != nullptr) table.ReleaseTensorTypeAndShapeInfo(tensor_info);
    if (ok && !consumer->Output(i, dims, static_cast<const float*>(data))) {
      *error = "the model's output " + outputs_[wanted[i]].name + " has not the announced shape";
      ok = false;
    }
  }
  for (void* value : inputs) {
    if (value != nullptr) table.ReleaseValue(value);
  }
  for (void* value : outputs) {
    if (value != nullptr) table.ReleaseValue(value);
  }
  return ok;
}

}  // namespace neuron_embed::emulator
