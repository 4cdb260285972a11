#include "config.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "build_defaults.h"
#include "clock.h"
#include "mix64.h"

namespace neuron_embed::emulator {

namespace {

using nlohmann::json;

// Sizes of the instances that have NeuronCore-v2.
struct Instance {
  const char* name;
  uint32_t size;
  uint32_t devices;
};
constexpr Instance kInstances[] = {
    {"inf2.xlarge", nrt::NRT_INSTANCE_SIZE_1XL, 1},
    {"inf2.8xlarge", nrt::NRT_INSTANCE_SIZE_8XL, 1},
    {"inf2.24xlarge", nrt::NRT_INSTANCE_SIZE_24XL, 6},
    {"inf2.48xlarge", nrt::NRT_INSTANCE_SIZE_48XL, 12},
};
constexpr uint32_t kCoresPerDevice = 2;
constexpr uint32_t kMaxCores = 512;

constexpr const char* kCallNames[kCallKinds] = {
    "init",      "load",  "unload", "tensorInfo", "allocate", "allocateSet",
    "addTensor", "write", "read",   "copy",       "execute",
};

// Reads the members of a JSON object one by one. A member that is not read is an unknown key.
class Reader {
 public:
  Reader(const json& value, std::string path) : value_(value), path_(std::move(path)) {
    if (!value.is_object()) Fail(path_.empty() ? "the configuration" : path_, "an object");
  }

  const json* Take(const char* key) {
    known_.emplace_back(key);
    const auto found = value_.find(key);
    return found == value_.end() ? nullptr : &*found;
  }

  void Number(const char* key, double low, double high, double* number) {
    const json* value = Take(key);
    if (value == nullptr) return;
    if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high)) {
      char range[96];
      std::snprintf(range, sizeof(range), "a number from %.15g to %.15g", low, high);
      Fail(Path(key), range);
    }
    *number = value->get<double>();
  }

  template <typename Integer>
  void Whole(const char* key, uint64_t low, uint64_t high, Integer* number) {
    const json* value = Take(key);
    if (value == nullptr) return;
    const bool whole = value->is_number_unsigned() || (value->is_number_integer() && *value >= 0);
    if (!whole || value->get<uint64_t>() < low || value->get<uint64_t>() > high) {
      Fail(Path(key), "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    *number = static_cast<Integer>(value->get<uint64_t>());
  }

  void Flag(const char* key, bool* flag) {
    const json* value = Take(key);
    if (value == nullptr) return;
    if (!value->is_boolean()) Fail(Path(key), "true or false");
    *flag = value->get<bool>();
  }

  void Text(const char* key, std::string* text) {
    const json* value = Take(key);
    if (value == nullptr) return;
    if (!value->is_string()) Fail(Path(key), "a string");
    *text = value->get<std::string>();
  }

  // A time in units of `unit_nanos`, with fractions, of at most a day.
  template <typename Time>
  void Nanos(const char* key, int64_t unit_nanos, Time* nanos) {
    double number = -1;
    Number(key, 0, 86400e9 / static_cast<double>(unit_nanos), &number);
    if (number >= 0) *nanos = static_cast<Time>(number * static_cast<double>(unit_nanos));
  }

  // One of `names`; returns its index, or -1 if the key is absent.
  int OneOf(const char* key, const std::vector<const char*>& names) {
    const json* value = Take(key);
    if (value == nullptr) return -1;
    std::string allowed;
    for (size_t i = 0; i < names.size(); ++i) {
      if (value->is_string() && *value == names[i]) return static_cast<int>(i);
      allowed += (i == 0 ? "" : ", ") + std::string(names[i]);
    }
    Fail(Path(key), "one of: " + allowed);
  }

  // Call this after all known members were read. Reports unknown keys.
  void Finish() const {
    for (const auto& [key, unused] : value_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      std::string keys;
      for (const std::string& known : known_) keys += (keys.empty() ? "" : ", ") + known;
      throw std::runtime_error("unknown key " + Path(key) + "; known here: " + keys);
    }
  }

  std::string Path(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  [[noreturn]] static void Fail(const std::string& path, const std::string& expected) {
    throw std::runtime_error(path + " must be " + expected);
  }

 private:
  const json& value_;
  std::string path_;
  std::vector<std::string> known_;
};

bool AtLeast(const Generation& generation, uint64_t major, uint64_t minor, uint64_t patch) {
  const uint64_t wanted[3] = {major, minor, patch};
  return !std::lexicographical_compare(generation.version, generation.version + 3, wanted,
                                       wanted + 3);
}

Generation GenerationOf(const std::string& version) {
  Generation generation = {};
  const size_t digits = version.find_first_not_of("0123456789.");
  int end = 0;
  unsigned long parts[4] = {};
  const int count = std::sscanf(version.c_str(), "%9lu.%9lu.%9lu.%9lu%n", &parts[0], &parts[1],
                                &parts[2], &parts[3], &end);
  if (digits != std::string::npos || count < 3 ||
      (count == 4 && end != static_cast<int>(version.size()))) {
    Reader::Fail("runtime.version", "a version such as 2.31.24.0");
  }
  std::copy(parts, parts + 4, generation.version);
  generation.old_dtypes = !AtLeast(generation, 2, 30, 50);
  const bool without_virtual = AtLeast(generation, 2, 32, 31);
  generation.attached_buffers = without_virtual ? HostMemory::kRefuse : HostMemory::kCopy;
  generation.virtual_placement = without_virtual ? HostMemory::kRefuse : HostMemory::kCopy;
  generation.host_placement = HostMemory::kCopy;
  generation.instance_info_bytes = AtLeast(generation, 2, 30, 50) ? 32 : 8;
  generation.separate_transfer_queues = without_virtual;
  generation.implicit_async = !AtLeast(generation, 2, 34, 10);
  generation.profile_bytes = AtLeast(generation, 2, 35, 0) ? uint64_t{64} << 20 : 0;
  generation.target_mismatch = nrt::NRT_INVALID;
  generation.feature_bits = 0x3FFFFF;
  return generation;
}

void ReadHostMemory(Reader* reader, const char* key, HostMemory* memory) {
  const int choice = reader->OneOf(key, {"copy", "refuse"});
  if (choice >= 0) *memory = choice == 0 ? HostMemory::kCopy : HostMemory::kRefuse;
}

Generation ReadGeneration(const json* value) {
  static const json kEmpty = json::object();
  Reader reader(value == nullptr ? kEmpty : *value, "runtime");
  std::string version = kDefaultVersion;
  reader.Text("version", &version);
  Generation generation = GenerationOf(version);
  const int dtypes = reader.OneOf("dtypes", {"old", "new"});
  if (dtypes >= 0) generation.old_dtypes = dtypes == 0;
  ReadHostMemory(&reader, "attachedBuffers", &generation.attached_buffers);
  ReadHostMemory(&reader, "hostPlacement", &generation.host_placement);
  ReadHostMemory(&reader, "virtualPlacement", &generation.virtual_placement);
  reader.Whole("instanceInfoBytes", 8, 32, &generation.instance_info_bytes);
  reader.Flag("separateTransferQueues", &generation.separate_transfer_queues);
  reader.Whole("profileBytes", 0, uint64_t{1} << 40, &generation.profile_bytes);
  uint32_t mismatch = generation.target_mismatch;
  reader.Whole("targetMismatchStatus", 1, 10, &mismatch);
  generation.target_mismatch = static_cast<nrt::NRT_STATUS>(mismatch);
  reader.Whole("supportedFeatureBits", 0, UINT64_MAX, &generation.feature_bits);
  reader.Finish();
  return generation;
}

void ReadTransfer(Reader* parent, const char* key, TransferTiming* timing) {
  const json* value = parent->Take(key);
  if (value == nullptr) return;
  Reader reader(*value, parent->Path(key));
  reader.Nanos("microsPerCall", kNanosPerMicro, &timing->nanos_per_call);
  reader.Number("nanosPerByte", 0, 1e6, &timing->nanos_per_byte);
  reader.Finish();
}

void ReadTiming(const json& value, Timing* timing) {
  Reader reader(value, "timing");
  if (const json* service = reader.Take("service")) {
    if (!service->is_array()) Reader::Fail("timing.service", "an array");
    for (const json& entry : *service) {
      Reader shape(entry, "timing.service[]");
      uint32_t batch = 0;
      uint32_t sequence_length = 0;
      uint32_t texts = 0;
      int64_t nanos = -1;
      shape.Whole("batch", 1, 1 << 20, &batch);
      shape.Whole("sequenceLength", 1, 1 << 20, &sequence_length);
      shape.Whole("texts", 1, 1 << 20, &texts);
      shape.Nanos("micros", kNanosPerMicro, &nanos);
      shape.Finish();
      if (batch == 0 || sequence_length == 0 || nanos < 0) {
        Reader::Fail("timing.service[]", "an object with batch, sequenceLength and micros");
      }
      timing->service_nanos[{batch, sequence_length, texts}] = nanos;
    }
  }
  if (const json* fallback = reader.Take("fallback")) {
    Reader formula(*fallback, "timing.fallback");
    formula.Nanos("baseMicros", kNanosPerMicro, &timing->base_nanos);
    formula.Nanos("microsPerToken", kNanosPerMicro, &timing->nanos_per_token);
    formula.Nanos("microsPerTokenSquared", kNanosPerMicro, &timing->nanos_per_token_squared);
    formula.Finish();
  }
  ReadTransfer(&reader, "write", &timing->write);
  ReadTransfer(&reader, "read", &timing->read);
  if (const json* jitter = reader.Take("jitter")) {
    Reader members(*jitter, "timing.jitter");
    members.Number("fraction", 0, 1, &timing->jitter_fraction);
    members.Whole("seed", 0, UINT64_MAX, &timing->jitter_seed);
    members.Finish();
  }
  reader.Nanos("spinMicros", kNanosPerMicro, &timing->spin_nanos);
  reader.Finish();
}

FaultRule ReadFault(const json& value) {
  Reader reader(value, "faults[]");
  FaultRule rule;
  const int call = reader.OneOf("call", {kCallNames, kCallNames + kCallKinds});
  if (call < 0) Reader::Fail("faults[].call", "given");
  rule.call = static_cast<CallKind>(call);
  uint32_t core = kMaxCores;
  reader.Whole("core", 0, kMaxCores - 1, &core);
  if (core != kMaxCores) rule.core = static_cast<int>(core);
  uint64_t nth = 0;
  uint64_t every = 0;
  uint64_t from = 0;
  reader.Whole("nth", 1, UINT64_MAX, &nth);
  reader.Whole("every", 1, UINT64_MAX, &every);
  reader.Whole("from", 1, UINT64_MAX, &from);
  if ((nth != 0) + (every != 0) + (from != 0) > 1) {
    Reader::Fail("faults[]", "given at most one of nth, every, from");
  }
  if (nth != 0) rule.first = rule.last = nth;
  if (every != 0) rule.first = rule.every = every;
  if (from != 0) rule.first = from;
  reader.Nanos("forMillis", kNanosPerMilli, &rule.duration_nanos);
  reader.Nanos("hangMillis", kNanosPerMilli, &rule.hang_nanos);
  uint32_t status = 0;
  reader.Whole("status", 1, INT32_MAX, &status);
  rule.status = static_cast<nrt::NRT_STATUS>(status);
  reader.Finish();
  if (status == 0 && rule.hang_nanos == 0) {
    Reader::Fail("faults[]", "given a status, hangMillis or both");
  }
  return rule;
}

std::vector<FaultRule> ReadFaults(const json& value) {
  if (!value.is_array()) Reader::Fail("faults", "an array");
  std::vector<FaultRule> faults;
  for (const json& entry : value) faults.push_back(ReadFault(entry));
  return faults;
}

Config ReadConfig(const json& value) {
  Reader reader(value, "");
  Config config;
  std::vector<const char*> names;
  for (const Instance& instance : kInstances) names.push_back(instance.name);
  const int choice = std::max(reader.OneOf("instance", names), 0);
  config.family = nrt::NRT_INSTANCE_INF2;
  config.size = kInstances[choice].size;
  config.devices = kInstances[choice].devices;
  config.cores = config.devices * kCoresPerDevice;
  if (reader.Take("cores") != nullptr) {
    reader.Whole("cores", 0, kMaxCores, &config.cores);
    config.devices = (config.cores + kCoresPerDevice - 1) / kCoresPerDevice;
  }
  reader.Whole("deviceMemoryBytes", 0, uint64_t{1} << 50, &config.device_memory_bytes);
  config.lock_directory = "/tmp/nrt-emulator-cores";
  reader.Text("lockDirectory", &config.lock_directory);
  reader.Flag("allowSharedInputs", &config.allow_shared_inputs);
  reader.Whole("queueDepth", 1, 1 << 16, &config.queue_depth);
  config.refuse_when_queue_full = reader.OneOf("queueFull", {"wait", "refuse"}) == 1;
  config.exec_timeout_nanos = 30 * kNanosPerSecond;
  reader.Nanos("execTimeoutMillis", kNanosPerMilli, &config.exec_timeout_nanos);
  config.refuse_inherited_async = reader.OneOf("inheritedAsync", {"report", "refuse"}) == 1;
  reader.Text("reportFile", &config.report_file);
  config.generation = ReadGeneration(reader.Take("runtime"));
  if (const json* timing = reader.Take("timing")) ReadTiming(*timing, &config.timing);
  if (const char* path = std::getenv("NRT_EMULATOR_ONNXRUNTIME")) config.onnx_runtime = path;
  if (const json* compute = reader.Take("compute")) {
    Reader members(*compute, "compute");
    members.Text("onnxRuntime", &config.onnx_runtime);
    members.Whole("threads", 1, 256, &config.compute_threads);
    members.Finish();
  }
  if (const json* faults = reader.Take("faults")) config.faults = ReadFaults(*faults);
  reader.Finish();
  return config;
}

// Parses `text` and passes the value to `read`. Reports every failure in *error.
template <typename Read>
bool Parse(const std::string& text, Read read, std::string* error) {
  try {
    read(json::parse(text));
    return true;
  } catch (const json::parse_error& e) {
    *error = "not valid JSON at byte " + std::to_string(e.byte);
  } catch (const std::exception& e) {
    *error = e.what();
  }
  return false;
}

}  // namespace

int64_t Timing::ServiceNanos(uint32_t batch, uint32_t sequence_length, uint32_t texts) const {
  const auto found = service_nanos.find({batch, sequence_length, texts});
  if (found != service_nanos.end()) return found->second;
  const double tokens = static_cast<double>(batch) * sequence_length;
  return base_nanos + static_cast<int64_t>(nanos_per_token * tokens +
                                           nanos_per_token_squared * tokens * sequence_length);
}

int64_t Timing::Jittered(int64_t service, uint32_t instance_core, uint64_t sequence) const {
  if (jitter_fraction == 0) return service;
  const uint64_t bits = Mix64(Mix64(jitter_seed + kGoldenGamma * (instance_core + 1)) +
                              kGoldenGamma * (sequence + 1));
  const double unit = static_cast<double>(bits >> 11) * 0x1p-52 - 1.0;  // [-1, 1)
  return static_cast<int64_t>(static_cast<double>(service) * (1.0 + jitter_fraction * unit));
}

Config DefaultConfig() { return ReadConfig(json::object()); }

bool ParseConfig(const std::string& text, Config* config, std::string* error) {
  return Parse(
      text, [config](const json& value) { *config = ReadConfig(value); }, error);
}

bool ParseFaults(const std::string& text, std::vector<FaultRule>* faults, std::string* error) {
  return Parse(
      text, [faults](const json& value) { *faults = ReadFaults(value); }, error);
}

bool ConfigFromEnvironment(Config* config, std::string* error) {
  const char* value = std::getenv("NRT_EMULATOR_CONFIG");
  std::string text = value == nullptr ? "" : value;
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) {
    *config = DefaultConfig();
    return true;
  }
  if (text[start] != '{') {
    std::ifstream file(text);
    if (!file) {
      *error = "NRT_EMULATOR_CONFIG names the file " + text + ", which cannot be read";
      return false;
    }
    std::ostringstream content;
    if (!(content << file.rdbuf())) {  // a folder can be opened, but not read
      *error = "NRT_EMULATOR_CONFIG names " + text + ", which is empty or no file";
      return false;
    }
    text = content.str();
  }
  if (ParseConfig(text, config, error)) return true;
  *error = "NRT_EMULATOR_CONFIG: " + *error;
  return false;
}

}  // namespace neuron_embed::emulator
