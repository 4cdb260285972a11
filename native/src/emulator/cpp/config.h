// The emulator's configuration, parsed from JSON. README.md lists every key.

#ifndef NEURON_EMBED_EMULATOR_CONFIG_H_
#define NEURON_EMBED_EMULATOR_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "fault_plan.h"
#include "nrt/nrt_abi.h"

namespace neuron_embed::emulator {

enum class HostMemory { kCopy, kRefuse };  // how to treat tensors that are not on the device

// The emulated runtime release. Its behaviour follows from the version unless the configuration
// says otherwise.
struct Generation {
  uint64_t version[4];  // major, minor, patch, maintenance
  bool old_dtypes;
  HostMemory attached_buffers;
  HostMemory host_placement;
  HostMemory virtual_placement;
  uint64_t instance_info_bytes;
  bool separate_transfer_queues;
  bool implicit_async;     // whether the implicit-async variable has an effect
  uint64_t profile_bytes;  // reserved by nrt_init on each core if a device profile is requested
  nrt::NRT_STATUS target_mismatch;
  uint64_t feature_bits;  // the supported ones
};

struct TransferTiming {
  int64_t nanos_per_call = 0;
  double nanos_per_byte = 0;
};

struct Timing {
  // By batch, sequence length and texts of a row (0 for a plain shape).
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, int64_t> service_nanos;
  // For other shapes: base + token * (batch * length) + token_squared * (batch * length * length).
  int64_t base_nanos = 0;
  double nanos_per_token = 0;
  double nanos_per_token_squared = 0;
  TransferTiming write;
  TransferTiming read;
  double jitter_fraction = 0;
  uint64_t jitter_seed = 0;
  int64_t spin_nanos = 0;

  int64_t ServiceNanos(uint32_t batch, uint32_t sequence_length, uint32_t texts) const;
  // The service time of a core's `sequence`-th execution, jitter included.
  int64_t Jittered(int64_t service_nanos, uint32_t instance_core, uint64_t sequence) const;
};

struct Config {
  uint32_t family;
  uint32_t size;
  uint32_t devices;
  uint32_t cores;
  uint64_t device_memory_bytes = uint64_t{16} << 30;  // per core
  std::string lock_directory;                         // empty: cores are not exclusive
  bool allow_shared_inputs = false;
  uint32_t queue_depth = 8;
  bool refuse_when_queue_full = false;
  int64_t exec_timeout_nanos;
  bool refuse_inherited_async = false;
  std::string report_file;
  Generation generation;
  Timing timing;
  std::string onnx_runtime;  // path of libonnxruntime.so
  uint32_t compute_threads = 1;
  std::vector<FaultRule> faults;
};

// The configuration of an empty JSON object.
Config DefaultConfig();

// Parses `json`. On failure returns false and does not change *config; *error then names the wrong
// key and the valid values.
bool ParseConfig(const std::string& json, Config* config, std::string* error);

// The same for a fault plan.
bool ParseFaults(const std::string& json, std::vector<FaultRule>* faults, std::string* error);

// Reads NRT_EMULATOR_CONFIG: JSON text if it begins with '{', else the path of a JSON file. Uses
// the defaults if the variable is not set or empty.
bool ConfigFromEnvironment(Config* config, std::string* error);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CONFIG_H_
