#include "capi/neuron_capi.h"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "capi/guard.h"
#include "core/execution_slot.h"
#include "core/live_objects.h"
#include "core/model.h"
#include "core/runtime.h"
#include "nrt/nrt_library.h"
#include "nrt/nrt_status.h"

// The types behind the handles of the header.
struct neuron_library {
  const neuron_embed::nrt::NrtLibrary* library;
  std::string missing_symbols;
};
struct neuron_runtime {
  std::shared_ptr<neuron_embed::Runtime> runtime;
};
struct neuron_model {
  std::shared_ptr<neuron_embed::Model> model;
};
struct neuron_slot {
  std::unique_ptr<neuron_embed::ExecutionSlot> slot;
};

namespace neuron_embed::capi {
namespace {

#define SAME(C_NAME, CPP_NAME) \
  static_assert(static_cast<int64_t>(C_NAME) == static_cast<int64_t>(CPP_NAME), #C_NAME)
SAME(NEURON_ERROR_NRT, ErrorKind::kNrt);
SAME(NEURON_ERROR_UNAVAILABLE, ErrorKind::kUnavailable);
SAME(NEURON_ERROR_ARGUMENT, ErrorKind::kArgument);
SAME(NEURON_ERROR_STATE, ErrorKind::kState);
SAME(NEURON_ERROR_NEFF, ErrorKind::kNeff);
SAME(NEURON_ERROR_FILE, ErrorKind::kFile);
SAME(NEURON_ERROR_MEMORY, ErrorKind::kMemory);
SAME(NEURON_ERROR_INTERNAL, ErrorKind::kInternal);
SAME(NEURON_ERROR_PREPARED, ErrorKind::kPrepared);
SAME(NEURON_CLASS_SUCCESS, nrt::StatusClass::kSuccess);
SAME(NEURON_CLASS_CALLER_BUG, nrt::StatusClass::kCallerBug);
SAME(NEURON_CLASS_BAD_DATA, nrt::StatusClass::kBadData);
SAME(NEURON_CLASS_TRANSIENT, nrt::StatusClass::kTransient);
SAME(NEURON_CLASS_RESOURCES, nrt::StatusClass::kResources);
SAME(NEURON_CLASS_VERSION, nrt::StatusClass::kVersion);
SAME(NEURON_CLASS_UNSPECIFIC, nrt::StatusClass::kUnspecific);
SAME(NEURON_CLASS_HANG, nrt::StatusClass::kHang);
SAME(NEURON_CLASS_CORE_DEAD, nrt::StatusClass::kCoreDead);
SAME(NEURON_CLASS_HARDWARE, nrt::StatusClass::kHardware);
SAME(NEURON_CLASS_HARDWARE_REPAIRABLE, nrt::StatusClass::kHardwareRepairable);
SAME(NEURON_CLASS_OTHER, nrt::StatusClass::kOther);
SAME(NEURON_GENERATION_UNKNOWN, nrt::Generation::kUnknown);
SAME(NEURON_GENERATION_BEFORE_2_30, nrt::Generation::kBefore2_30);
SAME(NEURON_GENERATION_FROM_2_30, nrt::Generation::kFrom2_30);
SAME(NEURON_GENERATION_FROM_2_32_31, nrt::Generation::kFrom2_32_31);
SAME(NEURON_GENERATION_FROM_2_34_10, nrt::Generation::kFrom2_34_10);
SAME(NEURON_GENERATION_FROM_2_35, nrt::Generation::kFrom2_35);
SAME(NEURON_INPUT, nrt::NRT_TENSOR_USAGE_INPUT);
SAME(NEURON_OUTPUT, nrt::NRT_TENSOR_USAGE_OUTPUT);
SAME(NEURON_PATH_WRITE_BATCH, InputPath::kWriteBatch);
SAME(NEURON_PATH_WRITE, InputPath::kWrite);
SAME(NEURON_PATH_SLICES, InputPath::kSlices);
SAME(NEURON_PATH_ATTACHED, InputPath::kAttached);
SAME(NEURON_PATH_HOST, InputPath::kHost);
#undef SAME
static_assert(sizeof(neuron_stage_times) == sizeof(StageTimes) &&
              offsetof(neuron_stage_times, write_nanos) == offsetof(StageTimes, write_nanos) &&
              offsetof(neuron_stage_times, execute_nanos) == offsetof(StageTimes, execute_nanos) &&
              offsetof(neuron_stage_times, read_nanos) == offsetof(StageTimes, read_nanos));

template <typename T>
T& Require(T* pointer, const char* name) {
  if (pointer == nullptr) {
    throw Error(ErrorKind::kArgument, std::string(name) + " is null");
  }
  return *pointer;
}

std::string Text(const char* text) { return text == nullptr ? std::string() : std::string(text); }

const std::vector<TensorInfo>* Tensors(const neuron_model* model, int32_t direction) {
  if (model == nullptr) return nullptr;
  if (direction == NEURON_INPUT) return &model->model->inputs();
  if (direction == NEURON_OUTPUT) return &model->model->outputs();
  return nullptr;
}

const RegionLayout& Layout(const neuron_model* model, int32_t direction) {
  return direction == NEURON_INPUT ? model->model->input_layout() : model->model->output_layout();
}

// There is one handle per library. Neither is ever freed.
const neuron_library* HandleOf(const nrt::NrtLibrary* library) {
  static std::mutex mutex;
  static auto* const handles =
      new std::map<const nrt::NrtLibrary*, std::unique_ptr<neuron_library>>;
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<neuron_library>& handle = (*handles)[library];
  if (handle == nullptr) {
    std::string missing;
    for (const std::string& name : library->missing_optional()) {
      missing += (missing.empty() ? "" : ", ") + name;
    }
    handle.reset(new neuron_library{library, missing});
  }
  return handle.get();
}

const nrt::EmulatorApi& RequireEmulator(const neuron_library* handle) {
  const nrt::NrtLibrary& library = *Require(handle, "library").library;
  if (!library.emulated()) {
    throw Error(ErrorKind::kUnavailable, library.path() + " is not the emulator");
  }
  return library.emulator();
}

void RequireEmulated(const char* operation, uint32_t result) {
  if (result != nrt::NRT_SUCCESS) {
    throw NrtError(static_cast<nrt::NRT_STATUS>(result), operation, kNoCore, "",
                   "the emulator says on stderr what is wrong");
  }
}

}  // namespace
}  // namespace neuron_embed::capi

using namespace neuron_embed;        // NOLINT: the C functions below are outside of any namespace
using namespace neuron_embed::capi;  // NOLINT

const char* neuron_build(void) noexcept { return NEURON_EMBED_BUILD; }

const char* neuron_nrt_status_name(uint32_t nrt_status) noexcept {
  const nrt::StatusEntry* entry = nrt::FindStatus(static_cast<nrt::NRT_STATUS>(nrt_status));
  return entry == nullptr ? nullptr : entry->name;
}

int32_t neuron_nrt_status_class(uint32_t nrt_status) noexcept {
  return static_cast<int32_t>(nrt::ClassOf(static_cast<nrt::NRT_STATUS>(nrt_status)));
}

const neuron_library* neuron_library_open(const char* path, neuron_status* status) noexcept {
  return GuardPointer(status, [&]() -> const neuron_library* {
    std::string tried;
    const nrt::NrtLibrary* library = nrt::NrtLibrary::Open(Text(path), &tried);
    if (library == nullptr) throw Error(ErrorKind::kUnavailable, tried);
    return HandleOf(library);
  });
}

int32_t neuron_library_get_info(const neuron_library* library, neuron_library_info* info,
                                neuron_status* status) noexcept {
  return Guard(status, [&] {
    const nrt::NrtLibrary& source = *Require(library, "library").library;
    const nrt::nrt_version_t& version = source.version();
    Require(info, "info") = {source.path().c_str(),      version.rt_major,
                             version.rt_minor,           version.rt_patch,
                             version.rt_maintenance,     version.rt_detail,
                             version.git_hash,           static_cast<int32_t>(source.generation()),
                             source.has_nrt_3() ? 1 : 0, source.has_tensor_cast() ? 1 : 0,
                             source.emulated() ? 1 : 0,  library->missing_symbols.c_str()};
  });
}

int32_t neuron_emulator_configure(const neuron_library* library, const char* json,
                                  neuron_status* status) noexcept {
  return Guard(status, [&] {
    RequireEmulated("nrt_emulator_configure",
                    RequireEmulator(library).nrt_emulator_configure(json));
  });
}

int32_t neuron_emulator_set_faults(const neuron_library* library, const char* json,
                                   neuron_status* status) noexcept {
  return Guard(status, [&] {
    RequireEmulated("nrt_emulator_set_faults",
                    RequireEmulator(library).nrt_emulator_set_faults(&Require(json, "json")));
  });
}

int32_t neuron_emulator_get_counters(const neuron_library* library,
                                     neuron_emulator_counters* counters,
                                     neuron_status* status) noexcept {
  return Guard(status, [&] {
    nrt_emulator_counters_t source{};
    RequireEmulated("nrt_emulator_get_counters",
                    RequireEmulator(library).nrt_emulator_get_counters(&source, sizeof(source)));
    Require(counters, "counters") = {source.live_models,      source.live_tensors,
                                     source.live_tensor_sets, source.live_tensor_infos,
                                     source.executions,       source.attached_copies,
                                     source.misuse_total};
  });
}

int32_t neuron_emulator_reset_counters(const neuron_library* library,
                                       neuron_status* status) noexcept {
  return Guard(status, [&] { RequireEmulator(library).nrt_emulator_reset_counters(); });
}

int32_t neuron_emulator_get_core(const neuron_library* library, int32_t core,
                                 neuron_emulator_core* info, neuron_status* status) noexcept {
  return Guard(status, [&] {
    nrt_emulator_core_t source{};
    RequireEmulated("nrt_emulator_get_core",
                    RequireEmulator(library).nrt_emulator_get_core(core, &source, sizeof(source)));
    Require(info, "info") = {source.dead == 0 ? 0 : 1, source.executions, source.bytes_written,
                             source.bytes_read, source.busy_ns};
  });
}

neuron_runtime* neuron_runtime_open(const neuron_library* library,
                                    const neuron_runtime_options* options,
                                    neuron_status* status) noexcept {
  return GuardPointer(status, [&] {
    RuntimeOptions chosen;
    if (options != nullptr) {
      chosen.visible_cores = Text(options->visible_cores);
      chosen.num_cores = options->num_cores;
      chosen.exec_timeout_seconds = options->exec_timeout_seconds;
    }
    auto handle = std::make_unique<neuron_runtime>();
    handle->runtime = Runtime::Open(*Require(library, "library").library, chosen);
    return handle.release();
  });
}

int32_t neuron_runtime_close(neuron_runtime* runtime, neuron_status* status) noexcept {
  return Guard(status, [&] {
    const int64_t models = Require(runtime, "runtime").runtime->live_models();
    if (models != 0) {
      throw Error(ErrorKind::kState, "the Neuron runtime still has " + std::to_string(models) +
                                         " models; unload them first");
    }
    delete runtime;
  });
}

int32_t neuron_runtime_get_info(const neuron_runtime* runtime, neuron_runtime_info* info,
                                neuron_status* status) noexcept {
  return Guard(status, [&] {
    const Runtime& source = *Require(runtime, "runtime").runtime;
    const nrt::nrt_instance_info_t& instance = source.instance();
    neuron_runtime_info& out = Require(info, "info");
    out = {};
    out.visible_core_count = source.visible_core_count();
    out.total_core_count = source.total_core_count();
    out.instance_family = instance.family;
    out.instance_size = instance.size;
    static_assert(sizeof(out.arch_name) == sizeof(instance.arch_name) + 1);
    static_assert(sizeof(out.device_revision) == sizeof(instance.device_revision) + 1);
    std::memcpy(out.arch_name, instance.arch_name, sizeof(instance.arch_name));
    std::memcpy(out.device_revision, instance.device_revision, sizeof(instance.device_revision));
  });
}

int32_t neuron_runtime_get_memory_stats(const neuron_runtime* runtime, int32_t core,
                                        neuron_memory_stats* stats,
                                        neuron_status* status) noexcept {
  return Guard(status, [&] {
    const nrt::nrt_vnc_memory_stats_t source =
        Require(runtime, "runtime").runtime->MemoryStats(core);
    Require(stats, "stats") = {source.bytes_used, source.bytes_limit};
  });
}

neuron_model* neuron_model_load(neuron_runtime* runtime, const char* path, int32_t core,
                                neuron_status* status) noexcept {
  return GuardPointer(status, [&] {
    auto handle = std::make_unique<neuron_model>();
    handle->model = Model::Load(Require(runtime, "runtime").runtime, &Require(path, "path"), core);
    return handle.release();
  });
}

int32_t neuron_model_unload(neuron_model* model, neuron_status* status) noexcept {
  return Guard(status, [&] {
    const int64_t slots = Require(model, "model").model->live_slots();
    if (slots != 0) {
      throw Error(ErrorKind::kState,
                  "the model still has " + std::to_string(slots) + " slots; destroy them first");
    }
    const std::unique_ptr<neuron_model> owned(model);
    const nrt::NRT_STATUS result = owned->model->Unload();
    if (result != nrt::NRT_SUCCESS) {
      throw NrtError(result, "nrt_unload", owned->model->core(), "");
    }
  });
}

int32_t neuron_model_get_tensor_count(const neuron_model* model, int32_t direction) noexcept {
  const std::vector<TensorInfo>* tensors = Tensors(model, direction);
  return tensors == nullptr ? -1 : static_cast<int32_t>(tensors->size());
}

int32_t neuron_model_get_tensor(const neuron_model* model, int32_t direction, int32_t index,
                                neuron_tensor_info* info, neuron_status* status) noexcept {
  return Guard(status, [&] {
    const std::vector<TensorInfo>& tensors = Require(Tensors(model, direction), "tensor list");
    if (index < 0 || static_cast<size_t>(index) >= tensors.size()) {
      throw Error(ErrorKind::kArgument, "tensor " + std::to_string(index) +
                                            " does not exist; there are " +
                                            std::to_string(tensors.size()));
    }
    const size_t at = static_cast<size_t>(index);
    const TensorInfo& source = tensors[at];
    Require(info, "info") = {
        source.name.c_str(), source.shape.data(), static_cast<uint32_t>(source.shape.size()),
        source.dtype,        source.size,         Layout(model, direction).offsets[at]};
  });
}

uint64_t neuron_model_get_region_size(const neuron_model* model, int32_t direction) noexcept {
  return Tensors(model, direction) == nullptr ? 0 : Layout(model, direction).size;
}

uint64_t neuron_page_size(void) noexcept { return PageSize(); }

neuron_slot* neuron_slot_create(neuron_model* model, int32_t input_path,
                                const neuron_slot_memory* memory, neuron_status* status) noexcept {
  return GuardPointer(status, [&] {
    const std::shared_ptr<Model>& owner = Require(model, "model").model;
    const neuron_slot_memory& lent = Require(memory, "memory");
    if (input_path < 0 || static_cast<size_t>(input_path) >= kInputPathCount) {
      throw Error(ErrorKind::kArgument,
                  "input path " + std::to_string(input_path) + " does not exist");
    }
    const auto require_size = [](const char* direction, uint64_t size, size_t needed) {
      if (size < needed) {
        throw Error(ErrorKind::kArgument, std::string("the ") + direction + " region has " +
                                              std::to_string(size) + " B, the model needs " +
                                              std::to_string(needed) + " B");
      }
    };
    require_size("input", lent.input_region_size, owner->input_layout().size);
    require_size("output", lent.output_region_size, owner->output_layout().size);
    auto handle = std::make_unique<neuron_slot>();
    handle->slot = std::make_unique<ExecutionSlot>(
        owner, static_cast<InputPath>(input_path),
        SlotMemory{lent.input_region, lent.output_region,
                   reinterpret_cast<StageTimes*>(lent.stage_times)});
    return handle.release();
  });
}

int32_t neuron_slot_destroy(neuron_slot* slot, neuron_status* status) noexcept {
  return Guard(status, [&] {
    if (Require(slot, "slot").slot->executing()) {
      throw Error(ErrorKind::kState, "the slot is executing; wait for it first");
    }
    delete slot;
  });
}

int32_t neuron_slot_execute(neuron_slot* slot, uint64_t output_bytes,
                            neuron_status* status) noexcept {
  return Guard(status, [&] { Require(slot, "slot").slot->Execute(output_bytes); });
}

int32_t neuron_slot_get_input_path(const neuron_slot* slot) noexcept {
  return slot == nullptr ? -1 : static_cast<int32_t>(slot->slot->input_path());
}

const char* neuron_slot_get_input_path_reason(const neuron_slot* slot) noexcept {
  return slot == nullptr ? "" : slot->slot->input_path_reason().c_str();
}

void neuron_get_live_counts(neuron_live_counts* counts) noexcept {
  if (counts == nullptr) return;
  counts->runtimes = live_objects.runtimes;
  counts->models = live_objects.models;
  counts->tensors = live_objects.tensors;
  counts->tensor_sets = live_objects.tensor_sets;
  counts->slots = live_objects.slots;
}
