// The functions of libnrt that the core calls. NrtLibrary fills this table once.

#ifndef NEURON_EMBED_NRT_NRT_API_H_
#define NEURON_EMBED_NRT_NRT_API_H_

#include "nrt/nrt_abi.h"

namespace neuron_embed::nrt {

// Without one of these a library is not usable. All have been in libnrt since 2022.
#define NEURON_EMBED_NRT_REQUIRED(X) \
  X(nrt_init)                        \
  X(nrt_close)                       \
  X(nrt_get_visible_nc_count)        \
  X(nrt_load)                        \
  X(nrt_unload)                      \
  X(nrt_get_model_tensor_info)       \
  X(nrt_free_model_tensor_info)      \
  X(nrt_tensor_allocate)             \
  X(nrt_tensor_free)                 \
  X(nrt_tensor_read)                 \
  X(nrt_tensor_write)                \
  X(nrt_tensor_get_size)             \
  X(nrt_allocate_tensor_set)         \
  X(nrt_destroy_tensor_set)          \
  X(nrt_add_tensor_to_tensor_set)    \
  X(nrt_execute)

// Null if the library lacks them. What needs them is then unavailable.
#define NEURON_EMBED_NRT_OPTIONAL(X) \
  X(nrt_get_version)                 \
  X(nrt_get_total_nc_count)          \
  X(nrt_get_instance_info)           \
  X(nrt_tensor_write_batch)          \
  X(nrt_tensor_allocate_slice)       \
  X(nrt_tensor_allocate_empty)       \
  X(nrt_tensor_attach_buffer)        \
  X(nrt_get_vnc_memory_stats)

struct NrtApi {
#define MEMBER(NAME) NAME##_fn* NAME = nullptr;
  NEURON_EMBED_NRT_REQUIRED(MEMBER)
  NEURON_EMBED_NRT_OPTIONAL(MEMBER)
#undef MEMBER
};

}  // namespace neuron_embed::nrt

#endif  // NEURON_EMBED_NRT_NRT_API_H_
