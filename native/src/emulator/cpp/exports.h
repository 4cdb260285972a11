// Declares the exported functions with the types of the ABI header, so that a definition that
// differs is a compile error.

#ifndef NEURON_EMBED_EMULATOR_EXPORTS_H_
#define NEURON_EMBED_EMULATOR_EXPORTS_H_

#include "nrt/nrt_abi.h"
#include "nrt_emulator.h"

#pragma GCC visibility push(default)

extern "C" {

#define DECLARE(name) neuron_embed::nrt::name##_fn name;
NEURON_EMBED_NRT_FUNCTIONS(DECLARE)
#undef DECLARE

// Functions that are not in the ABI header, because the project itself does not use them.
typedef void (*NRT_ASYNC_EXEC_STATUS_CALLBACK)(void* params, uint32_t model_id, uint32_t vnc,
                                               uint64_t job_id,
                                               neuron_embed::nrt::NRT_STATUS status);
neuron_embed::nrt::NRT_STATUS nrt_register_async_exec_callback(
    NRT_ASYNC_EXEC_STATUS_CALLBACK callback, void* params);
neuron_embed::nrt::NRT_STATUS nrt_async_drain_queued_execs(int32_t vnc);
neuron_embed::nrt::NRT_STATUS nrt_barrier(int32_t vnc, uint32_t g_device_id,
                                          uint32_t g_device_count);
neuron_embed::nrt::NRT_STATUS nrt_memcpy_to_device(void* dest, const void* src, size_t size);
neuron_embed::nrt::NRT_STATUS nrt_get_dmabuf_fd(uint64_t va, uint64_t size, int* fd);
neuron_embed::nrt::NRT_STATUS nrt_get_hbm_mmap_va(int device_id, int hbm_idx, void** addr,
                                                  size_t* size);
neuron_embed::nrt::NRT_STATUS nrt_host_device_id_get(int neuron_dev, uint32_t* host_device_id);
neuron_embed::nrt::NRT_STATUS nrt_host_device_id_rid_map_get(uint32_t* count,
                                                             uint32_t* host_did_to_rid_map);
neuron_embed::nrt::NRT_STATUS nrt_get_attached_efa_bdf(const void* va, char* efa_bdf, size_t* len);

}  // extern "C"

#pragma GCC visibility pop

#endif  // NEURON_EMBED_EMULATOR_EXPORTS_H_
