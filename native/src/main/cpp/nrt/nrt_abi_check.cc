// Compares nrt_abi.h with the vendor's headers at compile time. The build includes this file only
// if those are installed (cmake/NrtHeaders.cmake). A mismatch is a compile error. The file
// generates no code.

#include "nrt_abi.h"

// The order matters: the vendor's nrt_version.h uses types of nrt.h without including it.
// clang-format off
#include <nrt/nrt.h>
#include <nrt/nrt_experimental.h>
#include <nrt/nrt_profile.h>
#include <nrt/nrt_version.h>
// clang-format on

namespace {

namespace ours = neuron_embed::nrt;

// Ours<T> is T with every vendor type replaced by our declaration of it.
template <typename T>
struct OursOf {
  using type = T;
};
template <typename T>
using Ours = typename OursOf<T>::type;

template <typename T>
struct OursOf<T*> {
  using type = Ours<T>*;
};
template <typename T>
struct OursOf<const T> {
  using type = const Ours<T>;
};
template <typename R, typename... Args>
struct OursOf<R(Args...)> {
  using type = Ours<R>(Ours<Args>...);
};

#define MAP_TYPE(NAME)       \
  template <>                \
  struct OursOf<::NAME> {    \
    using type = ours::NAME; \
  }
MAP_TYPE(NRT_STATUS);
MAP_TYPE(nrt_tensor_placement_t);
MAP_TYPE(nrt_framework_type_t);
MAP_TYPE(nrt_tensor_usage_t);
MAP_TYPE(nrt_dtype_t);
MAP_TYPE(nrt_model_t);
MAP_TYPE(nrt_tensor_t);
MAP_TYPE(nrt_tensor_info_t);
MAP_TYPE(nrt_tensor_info_array_t);
MAP_TYPE(nrt_version_t);
MAP_TYPE(nrt_instance_info_t);
MAP_TYPE(nrt_tensor_batch_op_t);
MAP_TYPE(nrt_tensor_batch_t);
MAP_TYPE(nrt_tensor_device_allocation_info_t);
MAP_TYPE(nrt_vnc_memory_stats_t);
MAP_TYPE(nrt_model_info_t);
#undef MAP_TYPE

// Functions: the same parameters and the same result.
#define CHECK_FUNCTION(NAME) \
  static_assert(std::is_same_v<Ours<decltype(::NAME)>, ours::NAME##_fn>, #NAME);
NEURON_EMBED_NRT_FUNCTIONS(CHECK_FUNCTION)
#undef CHECK_FUNCTION

// Enums: the same size and the same numbers.
#define CHECK_ENUM(NAME) static_assert(sizeof(::NAME) == sizeof(ours::NAME), #NAME)
CHECK_ENUM(NRT_STATUS);
CHECK_ENUM(nrt_tensor_placement_t);
CHECK_ENUM(nrt_framework_type_t);
CHECK_ENUM(nrt_tensor_usage_t);
CHECK_ENUM(nrt_dtype_t);
#undef CHECK_ENUM

#define CHECK_VALUE(NAME) \
  static_assert(static_cast<uint32_t>(::NAME) == static_cast<uint32_t>(ours::NAME), #NAME)
CHECK_VALUE(NRT_SUCCESS);
CHECK_VALUE(NRT_FAILURE);
CHECK_VALUE(NRT_INVALID);
CHECK_VALUE(NRT_INVALID_HANDLE);
CHECK_VALUE(NRT_RESOURCE);
CHECK_VALUE(NRT_TIMEOUT);
CHECK_VALUE(NRT_HW_ERROR);
CHECK_VALUE(NRT_QUEUE_FULL);
CHECK_VALUE(NRT_LOAD_NOT_ENOUGH_NC);
CHECK_VALUE(NRT_UNSUPPORTED_NEFF_VERSION);
CHECK_VALUE(NRT_FAIL_HOST_MEM_ALLOC);
CHECK_VALUE(NRT_UNINITIALIZED);
CHECK_VALUE(NRT_CLOSED);
CHECK_VALUE(NRT_QUEUE_EMPTY);
CHECK_VALUE(NRT_EXEC_UNIT_UNRECOVERABLE);
CHECK_VALUE(NRT_EXEC_BAD_INPUT);
CHECK_VALUE(NRT_EXEC_COMPLETED_WITH_NUM_ERR);
CHECK_VALUE(NRT_EXEC_COMPLETED_WITH_ERR);
CHECK_VALUE(NRT_EXEC_NC_BUSY);
CHECK_VALUE(NRT_EXEC_OOB);
CHECK_VALUE(NRT_COLL_PENDING);
CHECK_VALUE(NRT_EXEC_HW_ERR_COLLECTIVES);
CHECK_VALUE(NRT_EXEC_HW_ERR_HBM_UE);
CHECK_VALUE(NRT_EXEC_HW_ERR_NC_UE);
CHECK_VALUE(NRT_EXEC_HW_ERR_DMA_ABORT);
CHECK_VALUE(NRT_EXEC_SW_NQ_OVERFLOW);
CHECK_VALUE(NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE);
CHECK_VALUE(NRT_NETWORK_PROXY_FAILURE);
CHECK_VALUE(NRT_TENSOR_PLACEMENT_DEVICE);
CHECK_VALUE(NRT_TENSOR_PLACEMENT_HOST);
CHECK_VALUE(NRT_TENSOR_PLACEMENT_VIRTUAL);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_INVALID);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_NO_FW);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_TENSORFLOW);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_PYTORCH);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_MXNET);
CHECK_VALUE(NRT_FRAMEWORK_TYPE_PRECHECK);
CHECK_VALUE(NRT_TENSOR_USAGE_INPUT);
CHECK_VALUE(NRT_TENSOR_USAGE_OUTPUT);
CHECK_VALUE(NRT_INSTANCE_UNKNOWN);
CHECK_VALUE(NRT_INSTANCE_INF1);
CHECK_VALUE(NRT_INSTANCE_TRN1);
CHECK_VALUE(NRT_INSTANCE_TRN1N);
CHECK_VALUE(NRT_INSTANCE_INF2);
CHECK_VALUE(NRT_INSTANCE_TRN2);
CHECK_VALUE(NRT_INSTANCE_TRN2N);
CHECK_VALUE(NRT_INSTANCE_INF2E);
CHECK_VALUE(NRT_INSTANCE_TRN2P);
CHECK_VALUE(NRT_INSTANCE_TRN2U);
CHECK_VALUE(NRT_INSTANCE_TRN2E);
CHECK_VALUE(NRT_INSTANCE_TRN2EU);
CHECK_VALUE(NRT_INSTANCE_TRN2AC);
CHECK_VALUE(NRT_INSTANCE_TRN2UAC);
CHECK_VALUE(NRT_INSTANCE_TRN3);
CHECK_VALUE(NRT_INSTANCE_TRN3PDS98);
CHECK_VALUE(NRT_INSTANCE_SIZE_1XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_2XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_4XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_6XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_8XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_24XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_32XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_48XL);
CHECK_VALUE(NRT_INSTANCE_SIZE_3XL);
CHECK_VALUE(NRT_DTYPE_UNKNOWN);
CHECK_VALUE(NRT_DTYPE_INVALID);
CHECK_VALUE(NRT_DTYPE_UINT64);
CHECK_VALUE(NRT_DTYPE_INT8);
CHECK_VALUE(NRT_DTYPE_UINT8);
CHECK_VALUE(NRT_DTYPE_INT16);
CHECK_VALUE(NRT_DTYPE_UINT16);
CHECK_VALUE(NRT_DTYPE_BFLOAT16);
CHECK_VALUE(NRT_DTYPE_FLOAT16);
CHECK_VALUE(NRT_DTYPE_INT32);
CHECK_VALUE(NRT_DTYPE_UINT32);
CHECK_VALUE(NRT_DTYPE_FLOAT32);
CHECK_VALUE(NRT_DTYPE_FP32R);
CHECK_VALUE(NRT_DTYPE_INT64);
CHECK_VALUE(NRT_DTYPE_FP8_E3);
CHECK_VALUE(NRT_DTYPE_FP8_E4);
CHECK_VALUE(NRT_DTYPE_FP8_E5);
#undef CHECK_VALUE

static_assert(NRT_TENSOR_NAME_MAX == ours::kTensorNameMax);
static_assert(RT_VERSION_DETAIL_LEN == ours::kVersionDetailLen);
static_assert(GIT_HASH_LEN == ours::kGitHashLen);

// Structs: the same size, and each member at the same offset with the same type.
#define CHECK_STRUCT(NAME) static_assert(sizeof(::NAME) == sizeof(ours::NAME), #NAME)
#define CHECK_MEMBER(NAME, MEMBER)                                                            \
  static_assert(offsetof(::NAME, MEMBER) == offsetof(ours::NAME, MEMBER), #NAME "." #MEMBER); \
  static_assert(std::is_same_v<Ours<decltype(::NAME::MEMBER)>, decltype(ours::NAME::MEMBER)>, \
                #NAME "." #MEMBER)
CHECK_STRUCT(nrt_tensor_info_t);
CHECK_MEMBER(nrt_tensor_info_t, name);
CHECK_MEMBER(nrt_tensor_info_t, usage);
CHECK_MEMBER(nrt_tensor_info_t, size);
CHECK_MEMBER(nrt_tensor_info_t, dtype);
CHECK_MEMBER(nrt_tensor_info_t, shape);
CHECK_MEMBER(nrt_tensor_info_t, ndim);
CHECK_STRUCT(nrt_tensor_info_array_t);
CHECK_MEMBER(nrt_tensor_info_array_t, tensor_count);
static_assert(offsetof(::nrt_tensor_info_array_t, tensor_array) == ours::kTensorInfoOffset);
CHECK_STRUCT(nrt_version_t);
CHECK_MEMBER(nrt_version_t, rt_major);
CHECK_MEMBER(nrt_version_t, rt_minor);
CHECK_MEMBER(nrt_version_t, rt_patch);
CHECK_MEMBER(nrt_version_t, rt_maintenance);
CHECK_MEMBER(nrt_version_t, rt_detail);
CHECK_MEMBER(nrt_version_t, git_hash);
CHECK_STRUCT(nrt_instance_info_t);
CHECK_MEMBER(nrt_instance_info_t, family);
CHECK_MEMBER(nrt_instance_info_t, size);
CHECK_MEMBER(nrt_instance_info_t, arch_name);
CHECK_MEMBER(nrt_instance_info_t, device_revision);
CHECK_STRUCT(nrt_tensor_batch_op_t);
CHECK_MEMBER(nrt_tensor_batch_op_t, offset);
CHECK_MEMBER(nrt_tensor_batch_op_t, size);
CHECK_MEMBER(nrt_tensor_batch_op_t, buffer);
CHECK_STRUCT(nrt_tensor_batch_t);
CHECK_MEMBER(nrt_tensor_batch_t, tensor);
CHECK_MEMBER(nrt_tensor_batch_t, ops);
CHECK_MEMBER(nrt_tensor_batch_t, num_ops);
CHECK_STRUCT(nrt_tensor_device_allocation_info_t);
CHECK_MEMBER(nrt_tensor_device_allocation_info_t, physical_address);
CHECK_MEMBER(nrt_tensor_device_allocation_info_t, size);
CHECK_MEMBER(nrt_tensor_device_allocation_info_t, hbm_index);
CHECK_STRUCT(nrt_vnc_memory_stats_t);
CHECK_MEMBER(nrt_vnc_memory_stats_t, bytes_used);
CHECK_MEMBER(nrt_vnc_memory_stats_t, bytes_limit);
CHECK_STRUCT(nrt_model_info_t);
CHECK_MEMBER(nrt_model_info_t, vnc);
#undef CHECK_MEMBER
#undef CHECK_STRUCT

}  // namespace
