// The public ABI of the AWS Neuron Runtime (libnrt.so.1). This project declares it itself, so the
// build needs neither the vendor's headers nor its library.
//
// Everything keeps the vendor's name, but is in namespace neuron_embed::nrt: a translation unit
// may include this file together with the vendor's headers, in any order, without a clash. Two
// vendor details are expressed differently:
//   - enums have a fixed 32-bit type, so that a newer runtime's number is a valid value;
//   - `nrt_tensor_info_array_t` ends in a flexible array member in C, which C++ lacks:
//     TensorInfoAt() replaces it.
//
// Source: headers of aws-neuron-sdk, src/libnrt/include/nrt, as of Neuron SDK 2.28.
// If those headers are installed, nrt_abi_check.cc compares every declaration below with them.

#ifndef NEURON_EMBED_NRT_NRT_ABI_H_
#define NEURON_EMBED_NRT_NRT_ABI_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace neuron_embed::nrt {

// ---------------------------------------------------------------- enums

// Result of nearly every call. 8 and 12 are unassigned. A newer runtime may return other numbers.
enum NRT_STATUS : uint32_t {
  NRT_SUCCESS = 0,
  NRT_FAILURE = 1,
  NRT_INVALID = 2,
  NRT_INVALID_HANDLE = 3,
  NRT_RESOURCE = 4,
  NRT_TIMEOUT = 5,
  NRT_HW_ERROR = 6,
  NRT_QUEUE_FULL = 7,
  NRT_LOAD_NOT_ENOUGH_NC = 9,
  NRT_UNSUPPORTED_NEFF_VERSION = 10,
  NRT_FAIL_HOST_MEM_ALLOC = 11,
  NRT_UNINITIALIZED = 13,
  NRT_CLOSED = 14,
  NRT_QUEUE_EMPTY = 15,
  NRT_EXEC_UNIT_UNRECOVERABLE = 101,  // NRT_EXEC_UNIT_DISABLED up to the SDK 2.27 header
  NRT_EXEC_BAD_INPUT = 1002,
  NRT_EXEC_COMPLETED_WITH_NUM_ERR = 1003,
  NRT_EXEC_COMPLETED_WITH_ERR = 1004,
  NRT_EXEC_NC_BUSY = 1005,
  NRT_EXEC_OOB = 1006,
  NRT_COLL_PENDING = 1100,
  NRT_EXEC_HW_ERR_COLLECTIVES = 1200,
  NRT_EXEC_HW_ERR_HBM_UE = 1201,
  NRT_EXEC_HW_ERR_NC_UE = 1202,
  NRT_EXEC_HW_ERR_DMA_ABORT = 1203,
  NRT_EXEC_SW_NQ_OVERFLOW = 1204,
  NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE = 1205,
  NRT_NETWORK_PROXY_FAILURE = 1206,
};

enum nrt_tensor_placement_t : uint32_t {
  NRT_TENSOR_PLACEMENT_DEVICE = 0,
  NRT_TENSOR_PLACEMENT_HOST = 1,     // deprecated by the vendor
  NRT_TENSOR_PLACEMENT_VIRTUAL = 2,  // removed in runtime 2.32.31
};

enum nrt_framework_type_t : uint32_t {
  NRT_FRAMEWORK_TYPE_INVALID = 0,
  NRT_FRAMEWORK_TYPE_NO_FW = 1,
  NRT_FRAMEWORK_TYPE_TENSORFLOW = 2,
  NRT_FRAMEWORK_TYPE_PYTORCH = 3,
  NRT_FRAMEWORK_TYPE_MXNET = 4,
  NRT_FRAMEWORK_TYPE_PRECHECK = 5,
};

enum nrt_tensor_usage_t : uint32_t {
  NRT_TENSOR_USAGE_INPUT = 0,
  NRT_TENSOR_USAGE_OUTPUT = 1,
};

// Values of nrt_instance_info_t::family (anonymous in the vendor's header).
enum nrt_instance_family_t : uint32_t {
  NRT_INSTANCE_UNKNOWN = 0,
  NRT_INSTANCE_INF1 = 1,
  NRT_INSTANCE_TRN1 = 2,
  NRT_INSTANCE_TRN1N = 3,
  NRT_INSTANCE_INF2 = 4,
  NRT_INSTANCE_TRN2 = 5,
  NRT_INSTANCE_TRN2N = 6,
  NRT_INSTANCE_INF2E = 7,
  NRT_INSTANCE_TRN2P = 8,
  NRT_INSTANCE_TRN2U = 9,
  NRT_INSTANCE_TRN2E = 10,
  NRT_INSTANCE_TRN2EU = 11,
  NRT_INSTANCE_TRN2AC = 12,
  NRT_INSTANCE_TRN2UAC = 13,
  NRT_INSTANCE_TRN3 = 14,
  NRT_INSTANCE_TRN3PDS98 = 15,
};

// Values of nrt_instance_info_t::size (anonymous in the vendor's header). UNKNOWN moves up whenever
// the vendor adds a size: never compare with it.
enum nrt_instance_size_t : uint32_t {
  NRT_INSTANCE_SIZE_1XL = 0,
  NRT_INSTANCE_SIZE_2XL = 1,
  NRT_INSTANCE_SIZE_4XL = 2,
  NRT_INSTANCE_SIZE_6XL = 3,
  NRT_INSTANCE_SIZE_8XL = 4,
  NRT_INSTANCE_SIZE_24XL = 5,
  NRT_INSTANCE_SIZE_32XL = 6,
  NRT_INSTANCE_SIZE_48XL = 7,
  NRT_INSTANCE_SIZE_3XL = 8,
  NRT_INSTANCE_SIZE_UNKNOWN = 9,
};

// Numbering since the SDK 2.28 header (runtime 2.30.50). Only 0, 8 and 9 mean the same in
// legacy_dtype_t, and a tensor info does not say which numbering it uses: derive element sizes from
// size / product(shape).
enum nrt_dtype_t : uint32_t {
  NRT_DTYPE_UNKNOWN = 0,
  NRT_DTYPE_INVALID = 0,
  NRT_DTYPE_UINT64 = 1,
  NRT_DTYPE_INT8 = 2,
  NRT_DTYPE_UINT8 = 3,
  NRT_DTYPE_INT16 = 4,
  NRT_DTYPE_UINT16 = 5,
  NRT_DTYPE_BFLOAT16 = 6,
  NRT_DTYPE_FLOAT16 = 7,
  NRT_DTYPE_INT32 = 8,
  NRT_DTYPE_UINT32 = 9,
  NRT_DTYPE_FLOAT32 = 10,
  NRT_DTYPE_FP32R = 11,
  NRT_DTYPE_INT64 = 12,
  NRT_DTYPE_FP8_E3 = 13,
  NRT_DTYPE_FP8_E4 = 14,
  NRT_DTYPE_FP8_E5 = 15,
};

// Numbering up to the SDK 2.27 header.
enum legacy_dtype_t : uint32_t {
  LEGACY_DTYPE_UNKNOWN = 0,
  LEGACY_DTYPE_FLOAT32 = 1,
  LEGACY_DTYPE_FLOAT16 = 2,
  LEGACY_DTYPE_BFLOAT16 = 3,
  LEGACY_DTYPE_INT8 = 4,
  LEGACY_DTYPE_UINT8 = 5,
  LEGACY_DTYPE_INT16 = 6,
  LEGACY_DTYPE_UINT16 = 7,
  LEGACY_DTYPE_INT32 = 8,
  LEGACY_DTYPE_UINT32 = 9,
  LEGACY_DTYPE_INT64 = 10,
  LEGACY_DTYPE_UINT64 = 11,
};

// ---------------------------------------------------------------- handles and structs

struct nrt_model;
struct nrt_tensor;
using nrt_model_t = nrt_model;
using nrt_tensor_t = nrt_tensor;
using nrt_tensor_set_t = void;

inline constexpr size_t kTensorNameMax = 256;     // NRT_TENSOR_NAME_MAX
inline constexpr size_t kVersionDetailLen = 128;  // RT_VERSION_DETAIL_LEN
inline constexpr size_t kGitHashLen = 64;         // GIT_HASH_LEN

struct nrt_tensor_info_t {
  char name[kTensorNameMax];  // libnrt does not promise a terminating NUL: copy with a bound
  nrt_tensor_usage_t usage;
  size_t size;  // bytes
  nrt_dtype_t dtype;
  uint32_t* shape;  // `ndim` elements, owned by the array
  uint32_t ndim;
};

// Followed in memory by `tensor_count` records of nrt_tensor_info_t: use TensorInfoAt().
struct nrt_tensor_info_array_t {
  uint64_t tensor_count;
};

struct nrt_version_t {
  uint64_t rt_major;
  uint64_t rt_minor;
  uint64_t rt_patch;
  uint64_t rt_maintenance;
  char rt_detail[kVersionDetailLen];
  char git_hash[kGitHashLen];
};

// Before the SDK 2.28 header the struct has only the first 8 bytes.
struct nrt_instance_info_t {
  uint32_t family;  // nrt_instance_family_t
  uint32_t size;    // nrt_instance_size_t
  char arch_name[16];
  char device_revision[8];
};

struct nrt_tensor_batch_op_t {
  uint64_t offset;  // bytes into the tensor
  uint64_t size;    // bytes
  void* buffer;     // host memory
};

struct nrt_tensor_batch_t {
  const nrt_tensor_t* tensor;  // const even for writes
  const nrt_tensor_batch_op_t* ops;
  uint32_t num_ops;
};

struct nrt_tensor_device_allocation_info_t {
  uint64_t physical_address;
  size_t size;
  int hbm_index;
};

struct nrt_vnc_memory_stats_t {
  size_t bytes_used;
  size_t bytes_limit;
};

struct nrt_model_info_t {
  uint32_t vnc;
};

inline constexpr size_t kTensorInfoOffset =
    8;  // of the first record behind nrt_tensor_info_array_t

// The `index`-th record; `index` < tensor_count.
inline nrt_tensor_info_t* TensorInfoAt(nrt_tensor_info_array_t* array, uint64_t index) {
  return reinterpret_cast<nrt_tensor_info_t*>(reinterpret_cast<unsigned char*>(array) +
                                              kTensorInfoOffset) +
         index;
}
inline const nrt_tensor_info_t* TensorInfoAt(const nrt_tensor_info_array_t* array, uint64_t index) {
  return reinterpret_cast<const nrt_tensor_info_t*>(reinterpret_cast<const unsigned char*>(array) +
                                                    kTensorInfoOffset) +
         index;
}

// ---------------------------------------------------------------- layout, always checked

static_assert(sizeof(NRT_STATUS) == 4 && sizeof(nrt_dtype_t) == 4);
static_assert(sizeof(bool) == 1, "bool is C's _Bool in the signatures below");

static_assert(sizeof(nrt_tensor_info_t) == 296 && alignof(nrt_tensor_info_t) == 8);
static_assert(offsetof(nrt_tensor_info_t, name) == 0);
static_assert(offsetof(nrt_tensor_info_t, usage) == 256);
static_assert(offsetof(nrt_tensor_info_t, size) == 264);
static_assert(offsetof(nrt_tensor_info_t, dtype) == 272);
static_assert(offsetof(nrt_tensor_info_t, shape) == 280);
static_assert(offsetof(nrt_tensor_info_t, ndim) == 288);

static_assert(sizeof(nrt_tensor_info_array_t) == kTensorInfoOffset);
static_assert(kTensorInfoOffset % alignof(nrt_tensor_info_t) == 0);

static_assert(sizeof(nrt_version_t) == 224);
static_assert(offsetof(nrt_version_t, rt_major) == 0);
static_assert(offsetof(nrt_version_t, rt_minor) == 8);
static_assert(offsetof(nrt_version_t, rt_patch) == 16);
static_assert(offsetof(nrt_version_t, rt_maintenance) == 24);
static_assert(offsetof(nrt_version_t, rt_detail) == 32);
static_assert(offsetof(nrt_version_t, git_hash) == 160);

static_assert(sizeof(nrt_instance_info_t) == 32);
static_assert(offsetof(nrt_instance_info_t, family) == 0);
static_assert(offsetof(nrt_instance_info_t, size) == 4);
static_assert(offsetof(nrt_instance_info_t, arch_name) == 8);
static_assert(offsetof(nrt_instance_info_t, device_revision) == 24);

static_assert(sizeof(nrt_tensor_batch_op_t) == 24);
static_assert(offsetof(nrt_tensor_batch_op_t, offset) == 0);
static_assert(offsetof(nrt_tensor_batch_op_t, size) == 8);
static_assert(offsetof(nrt_tensor_batch_op_t, buffer) == 16);

static_assert(sizeof(nrt_tensor_batch_t) == 24);
static_assert(offsetof(nrt_tensor_batch_t, tensor) == 0);
static_assert(offsetof(nrt_tensor_batch_t, ops) == 8);
static_assert(offsetof(nrt_tensor_batch_t, num_ops) == 16);

static_assert(sizeof(nrt_tensor_device_allocation_info_t) == 24);
static_assert(offsetof(nrt_tensor_device_allocation_info_t, physical_address) == 0);
static_assert(offsetof(nrt_tensor_device_allocation_info_t, size) == 8);
static_assert(offsetof(nrt_tensor_device_allocation_info_t, hbm_index) == 16);

static_assert(sizeof(nrt_vnc_memory_stats_t) == 16);
static_assert(offsetof(nrt_vnc_memory_stats_t, bytes_used) == 0);
static_assert(offsetof(nrt_vnc_memory_stats_t, bytes_limit) == 8);

static_assert(sizeof(nrt_model_info_t) == 4);
static_assert(offsetof(nrt_model_info_t, vnc) == 0);

static_assert(std::is_standard_layout_v<nrt_tensor_info_t> &&
              std::is_trivially_copyable_v<nrt_tensor_info_t>);

// ---------------------------------------------------------------- functions

// One function type per exported function: the vendor's name plus `_fn`. All are extern "C".

// nrt.h: lifecycle and topology. The counts may be queried before nrt_init.
using nrt_init_fn = NRT_STATUS(nrt_framework_type_t framework, const char* fw_version,
                               const char* fal_version);
using nrt_close_fn = void();
using nrt_get_total_nc_count_fn = NRT_STATUS(uint32_t* vnc_count);
using nrt_get_total_vnc_count_fn = NRT_STATUS(uint32_t* vnc_count);
using nrt_get_visible_nc_count_fn = NRT_STATUS(uint32_t* vnc_count);
using nrt_get_visible_vnc_count_fn = NRT_STATUS(uint32_t* vnc_count);
using nrt_get_instance_info_fn = NRT_STATUS(nrt_instance_info_t* info, size_t instance_info_len);

// nrt_version.h
using nrt_get_version_fn = NRT_STATUS(nrt_version_t* ver, size_t size);

// nrt.h: models. `vnc` counts from zero among the cores that this process owns; `vnc_count` is -1.
using nrt_load_fn = NRT_STATUS(const void* neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                               nrt_model_t** model);
using nrt_load_collectives_fn = NRT_STATUS(const void* neff_bytes, size_t size, int32_t vnc,
                                           int32_t vnc_count, uint32_t ctx_device_id,
                                           uint32_t ctx_device_count, nrt_model_t** model);
using nrt_unload_fn = NRT_STATUS(nrt_model_t* model);
using nrt_get_model_nc_count_fn = NRT_STATUS(const nrt_model_t* model, uint32_t* vnc_count);
using nrt_get_model_vnc_count_fn = NRT_STATUS(const nrt_model_t* model, uint32_t* vnc_count);

// nrt_experimental.h: model introspection
using nrt_get_model_tensor_info_fn = NRT_STATUS(nrt_model_t* model,
                                                nrt_tensor_info_array_t** tensor_info);
using nrt_free_model_tensor_info_fn = NRT_STATUS(nrt_tensor_info_array_t* tensor_info);
using nrt_get_model_instance_count_fn = NRT_STATUS(nrt_model_t* model, uint32_t* instance_count);
using nrt_get_model_info_fn = NRT_STATUS(const nrt_model_t* model, nrt_model_info_t* info,
                                         size_t info_size_in, size_t* info_size_out);

// nrt.h: tensors. Sizes and offsets are bytes.
using nrt_tensor_allocate_fn = NRT_STATUS(nrt_tensor_placement_t tensor_placement, int vnc,
                                          size_t size, const char* name, nrt_tensor_t** tensor);
using nrt_tensor_free_fn = void(nrt_tensor_t** tensor);
using nrt_tensor_read_fn = NRT_STATUS(const nrt_tensor_t* tensor, void* buf, size_t offset,
                                      size_t size);
using nrt_tensor_write_fn = NRT_STATUS(nrt_tensor_t* tensor, const void* buf, size_t offset,
                                       size_t size);
using nrt_tensor_read_batch_fn = NRT_STATUS(const nrt_tensor_batch_t* batches, uint64_t num_batches,
                                            bool unsafe);
using nrt_tensor_write_batch_fn = NRT_STATUS(const nrt_tensor_batch_t* batches,
                                             uint64_t num_batches, bool unsafe);
using nrt_tensor_copy_fn = NRT_STATUS(const nrt_tensor_t* src, size_t src_offset, nrt_tensor_t* dst,
                                      size_t dst_offset, size_t size);
using nrt_tensor_get_size_fn = size_t(const nrt_tensor_t* tensor);
using nrt_tensor_memset_fn = NRT_STATUS(nrt_tensor_t* tensor, uint64_t offset, int value,
                                        size_t size);
using nrt_tensor_allocate_empty_fn = NRT_STATUS(const char* name, nrt_tensor_t** tensor);
using nrt_tensor_attach_buffer_fn = NRT_STATUS(nrt_tensor_t* tensor, void* buffer, size_t size);
using nrt_tensor_allocate_slice_fn = NRT_STATUS(const nrt_tensor_t* tensor_source, size_t offset,
                                                size_t size, const char* name,
                                                nrt_tensor_t** tensor_slice);
using nrt_tensor_get_va_fn = void*(const nrt_tensor_t* tensor);
using nrt_tensor_get_device_allocation_info_fn =
    NRT_STATUS(const nrt_tensor_t* tensor, nrt_tensor_device_allocation_info_t* alloc_info);
using nrt_tensor_check_output_completion_fn = NRT_STATUS(const nrt_tensor_t* output_tensor,
                                                         int64_t timeout_microseconds,
                                                         uint64_t expected_completion_count);
using nrt_tensor_reset_output_completion_fn = NRT_STATUS(nrt_tensor_t* output_tensor);

// nrt.h: tensor sets
using nrt_allocate_tensor_set_fn = NRT_STATUS(nrt_tensor_set_t** result);
using nrt_destroy_tensor_set_fn = void(nrt_tensor_set_t** tensor_set);
using nrt_add_tensor_to_tensor_set_fn = NRT_STATUS(nrt_tensor_set_t* tensor_set,
                                                   const char* tensor_name, nrt_tensor_t* tensor);
using nrt_get_tensor_from_tensor_set_fn = NRT_STATUS(nrt_tensor_set_t* tensor_set,
                                                     const char* tensor_name,
                                                     nrt_tensor_t** tensor);

// nrt.h: execution
using nrt_execute_fn = NRT_STATUS(nrt_model_t* model, const nrt_tensor_set_t* input_set,
                                  nrt_tensor_set_t* output_set);
using nrt_execute_repeat_fn = NRT_STATUS(nrt_model_t* model, const nrt_tensor_set_t* input_set,
                                         nrt_tensor_set_t* output_set, int repeat_count);

// nrt.h: statistics
using nrt_get_vnc_memory_stats_fn = NRT_STATUS(uint32_t vnc, nrt_vnc_memory_stats_t* stats,
                                               size_t stats_size_in, size_t* stats_size_out);

// nrt_profile.h and nrt_experimental.h: profiles and traces
using nrt_profile_start_fn = NRT_STATUS(nrt_model_t* model, const char* filename);
using nrt_profile_stop_fn = NRT_STATUS(const char* filename);
using nrt_trace_start_fn = NRT_STATUS(bool trace_mem);
using nrt_trace_stop_fn = NRT_STATUS(const char* filename);

// Every function type above, for code that treats them all alike: NEURON_EMBED_NRT_FUNCTIONS(X)
// expands X(nrt_init) X(nrt_close) ...
#define NEURON_EMBED_NRT_FUNCTIONS(X)      \
  X(nrt_init)                              \
  X(nrt_close)                             \
  X(nrt_get_total_nc_count)                \
  X(nrt_get_total_vnc_count)               \
  X(nrt_get_visible_nc_count)              \
  X(nrt_get_visible_vnc_count)             \
  X(nrt_get_instance_info)                 \
  X(nrt_get_version)                       \
  X(nrt_load)                              \
  X(nrt_load_collectives)                  \
  X(nrt_unload)                            \
  X(nrt_get_model_nc_count)                \
  X(nrt_get_model_vnc_count)               \
  X(nrt_get_model_tensor_info)             \
  X(nrt_free_model_tensor_info)            \
  X(nrt_get_model_instance_count)          \
  X(nrt_get_model_info)                    \
  X(nrt_tensor_allocate)                   \
  X(nrt_tensor_free)                       \
  X(nrt_tensor_read)                       \
  X(nrt_tensor_write)                      \
  X(nrt_tensor_read_batch)                 \
  X(nrt_tensor_write_batch)                \
  X(nrt_tensor_copy)                       \
  X(nrt_tensor_get_size)                   \
  X(nrt_tensor_memset)                     \
  X(nrt_tensor_allocate_empty)             \
  X(nrt_tensor_attach_buffer)              \
  X(nrt_tensor_allocate_slice)             \
  X(nrt_tensor_get_va)                     \
  X(nrt_tensor_get_device_allocation_info) \
  X(nrt_tensor_check_output_completion)    \
  X(nrt_tensor_reset_output_completion)    \
  X(nrt_allocate_tensor_set)               \
  X(nrt_destroy_tensor_set)                \
  X(nrt_add_tensor_to_tensor_set)          \
  X(nrt_get_tensor_from_tensor_set)        \
  X(nrt_execute)                           \
  X(nrt_execute_repeat)                    \
  X(nrt_get_vnc_memory_stats)              \
  X(nrt_profile_start)                     \
  X(nrt_profile_stop)                      \
  X(nrt_trace_start)                       \
  X(nrt_trace_stop)

}  // namespace neuron_embed::nrt

#endif  // NEURON_EMBED_NRT_NRT_ABI_H_
