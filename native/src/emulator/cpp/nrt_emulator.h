/*
 * Control functions of the libnrt emulator, for tests: they configure it and return what libnrt's
 * own API does not show. For C and C++. The emulator's libnrt.so.1 exports them with the symbol
 * version NRT_EMULATOR_1.0. Find them with dlsym, so that a program still runs on the real library.
 *
 * Every function is safe to call from any thread. Functions that return uint32_t return an
 * NRT_STATUS number; 0 is success. Fault plans do not affect these functions.
 *
 * The configuration's keys and the format of an emulated NEFF: README.md one folder above.
 */
#ifndef NEURON_EMBED_EMULATOR_NRT_EMULATOR_H_
#define NEURON_EMBED_EMULATOR_NRT_EMULATOR_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The errors of a program that the emulator counts and logs on stderr. */
enum nrt_emulator_misuse_kind {
  NRT_EMULATOR_MISUSE_STATE = 0,        /* call before nrt_init or after nrt_close */
  NRT_EMULATOR_MISUSE_FORK = 1,         /* call in the child of a fork */
  NRT_EMULATOR_MISUSE_ARGUMENT = 2,     /* null pointer, or a value outside of its range */
  NRT_EMULATOR_MISUSE_BAD_HANDLE = 3,   /* was never a handle of this kind */
  NRT_EMULATOR_MISUSE_STALE_HANDLE = 4, /* used after its free, unload or nrt_close */
  NRT_EMULATOR_MISUSE_DOUBLE_FREE = 5,  /* freed, destroyed or unloaded twice */
  NRT_EMULATOR_MISUSE_FREE_AFTER_CLOSE = 6 /* freed, destroyed or unloaded after nrt_close */,
  NRT_EMULATOR_MISUSE_FREE_IN_USE = 7,     /* freed or unloaded while a call was using it */
  NRT_EMULATOR_MISUSE_FREE_IN_SET = 8,     /* tensor freed while a live tensor set contains it */
  NRT_EMULATOR_MISUSE_BOUNDS = 9,          /* offset and size reach outside of a tensor */
  NRT_EMULATOR_MISUSE_TENSOR_SET = 10,     /* name missing in a set, or size not the model's */
  NRT_EMULATOR_MISUSE_CORE = 11,           /* tensor and model on different cores */
  NRT_EMULATOR_MISUSE_CONCURRENT_USE = 12, /* tensor or set in two calls at once */
  NRT_EMULATOR_MISUSE_CLOSE_IN_USE = 13,   /* nrt_close while another call was running */
  NRT_EMULATOR_MISUSE_LEAK = 14,           /* object still alive at nrt_close, once per object */
  NRT_EMULATOR_MISUSE_ASYNC = 15,          /* nrt_init under the implicit-async variable */
  NRT_EMULATOR_MISUSE_PLACEMENT = 16,      /* HOST or VIRTUAL tensor or attached buffer refused */
  NRT_EMULATOR_MISUSE_KINDS = 17
};

/* The name of a kind in lower case with underscores ("double_free"); NULL for another number. */
const char *nrt_emulator_misuse_name(uint32_t kind);

typedef struct nrt_emulator_counters {
  uint64_t live_models;
  uint64_t live_tensors; /* slices included */
  uint64_t live_tensor_sets;
  uint64_t live_tensor_infos; /* arrays of nrt_get_model_tensor_info */
  uint64_t executions;        /* that got device time, on all cores, since nrt_init */
  uint64_t attached_copies; /* times that an execution copied a HOST, VIRTUAL or attached tensor */
  uint64_t onnx_sessions;   /* ONNX Runtime sessions alive: one per distinct model content */
  uint64_t misuse_total;
  uint64_t misuse[NRT_EMULATOR_MISUSE_KINDS];
} nrt_emulator_counters_t;

/* Sets the configuration for later calls of nrt_init, in place of NRT_EMULATOR_CONFIG. `json` is
 * the JSON text; keys that it does not have get their defaults. NULL: use the environment variable
 * or the defaults again.
 * Returns NRT_INVALID (2), with a line on stderr, for invalid JSON, an unknown key or a value out
 * of range, and while the runtime is initialised. The configuration then stays as it was. */
uint32_t nrt_emulator_configure(const char *json);

/* Replaces the fault plan at once. `json` is an array as under "faults" of the configuration; "[]"
 * ends all faults. The counts of calls start again at zero. Dead cores stay dead. Returns
 * NRT_INVALID for an invalid plan, which changes nothing. The plan applies until nrt_close or
 * nrt_emulator_configure; the next nrt_init then takes the configuration's plan. */
uint32_t nrt_emulator_set_faults(const char *json);

/* Fills at most `size` bytes of the struct: pass sizeof. NRT_INVALID if `counters` is NULL. */
uint32_t nrt_emulator_get_counters(nrt_emulator_counters_t *counters, size_t size);

/* Sets `attached_copies` and the misuse counts to zero. */
void nrt_emulator_reset_counters(void);

/* One execution on a core's virtual device timeline, in nanoseconds of CLOCK_MONOTONIC. A core runs
 * one at a time: start_ns = max(submit_ns, end_ns of the previous one). end_ns is start_ns +
 * service_ns, or later if the computation took longer than the service time. */
typedef struct nrt_emulator_execution {
  uint64_t sequence; /* 0, 1, 2 ... on this core since nrt_init */
  int64_t submit_ns;
  int64_t start_ns;
  int64_t end_ns;
  int64_t service_ns; /* as configured, jitter included */
  uint32_t batch;
  uint32_t sequence_length;
} nrt_emulator_execution_t;

enum nrt_emulator_direction { NRT_EMULATOR_WRITE = 0, NRT_EMULATOR_READ = 1 };

/* One buffer of a write or read, as the caller passed it. A batch call gives one record per op. */
typedef struct nrt_emulator_transfer {
  uint64_t sequence; /* 0, 1, 2 ... on this core since nrt_init */
  uint64_t buffer;   /* address of the caller's memory */
  uint64_t tensor;   /* the tensor's handle */
  uint64_t offset;   /* into the tensor */
  uint64_t size;
  uint32_t direction; /* nrt_emulator_direction */
} nrt_emulator_transfer_t;

/* Copy the latest records of a core, oldest first, at most `capacity`. `*count` is their number.
 * The emulator keeps the last 4096 until the next nrt_init. `core` is the core's index within the
 * process; for transfers, -1 means the tensors that are on no core. NRT_INVALID for another core
 * or a NULL pointer. A transfer recorded during the call may be missing. */
uint32_t nrt_emulator_get_executions(int32_t core, nrt_emulator_execution_t *records,
                                     size_t capacity, size_t *count);
uint32_t nrt_emulator_get_transfers(int32_t core, nrt_emulator_transfer_t *records, size_t capacity,
                                    size_t *count);

/* Totals of a core since nrt_init; they stay readable after nrt_close. */
typedef struct nrt_emulator_core {
  uint32_t instance_core; /* the core's number on the emulated instance */
  uint32_t dead;          /* 1 after NRT_EXEC_UNIT_UNRECOVERABLE */
  uint64_t executions;
  uint64_t writes; /* calls; a batch counts once per core */
  uint64_t reads;
  uint64_t bytes_written;
  uint64_t bytes_read;
  int64_t busy_ns; /* sum of end_ns - start_ns */
} nrt_emulator_core_t;

uint32_t nrt_emulator_get_core(int32_t core, nrt_emulator_core_t *info, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* NEURON_EMBED_EMULATOR_NRT_EMULATOR_H_ */
