/* The C interface of the native core. The Java bindings are generated from this header.
 *
 * - No function throws, none aborts on a bad argument, none keeps a thread-local error. A function
 *   that can fail takes a caller-owned neuron_status, fills it in every case, and also returns its
 *   kind or a null pointer.
 * - Handles: a library is never closed. The caller owns runtime, model and slot, and closes each
 *   once. A runtime must outlive its models, and a model its slots: to close a parent early is
 *   refused with NEURON_ERROR_STATE and changes nothing.
 * - Thread-safe, with one duty of the caller: no call may use a handle while another call closes
 *   it, or later.
 * - Strings are UTF-8, terminated. Sizes and offsets are bytes, times nanoseconds.
 */

#ifndef NEURON_EMBED_CAPI_NEURON_CAPI_H_
#define NEURON_EMBED_CAPI_NEURON_CAPI_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define NEURON_NOEXCEPT noexcept
#else
#define NEURON_NOEXCEPT
#endif

#if defined(__GNUC__)
#define NEURON_API __attribute__((visibility("default")))
#else
#define NEURON_API
#endif

/* -------------------------------------------------------------------- build */

/* Which build this library is: "VERSION+ABI", the project's version and 16 hexadecimal digits of
 * the SHA-256 of this header and encoder_capi.h. Two builds with the same text have the same
 * interface. Never null, never freed. */
NEURON_API const char* neuron_build(void) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- errors */

enum neuron_error_kind {
  NEURON_OK = 0,
  NEURON_ERROR_NRT = 1,         /* libnrt returned a status: see nrt_status */
  NEURON_ERROR_UNAVAILABLE = 2, /* no usable libnrt, no NeuronCore, or a function that it lacks */
  NEURON_ERROR_ARGUMENT = 3,    /* the caller's argument is wrong */
  NEURON_ERROR_STATE = 4,       /* not now: in use, or still has dependents */
  NEURON_ERROR_NEFF = 5,        /* the file is not a NEFF that can be loaded here */
  NEURON_ERROR_FILE = 6,        /* the file cannot be read */
  NEURON_ERROR_MEMORY = 7,      /* host memory ran out */
  NEURON_ERROR_INTERNAL = 8,    /* a fault of this library */
  NEURON_ERROR_PREPARED = 9     /* the encoder's prepared file is damaged, foreign or of another
                                   version: prepare it anew */
};

#define NEURON_OPERATION_SIZE 64
#define NEURON_MESSAGE_SIZE 2048

typedef struct neuron_status {
  int32_t kind;        /* enum neuron_error_kind */
  uint32_t nrt_status; /* libnrt's number for NEURON_ERROR_NRT, else 0 */
  int32_t core;        /* the NeuronCore concerned, counted within this process; -1 if none */
  char operation[NEURON_OPERATION_SIZE]; /* the libnrt function for NEURON_ERROR_NRT, else empty */
  char message[NEURON_MESSAGE_SIZE];     /* one sentence: what, where, what to do */
} neuron_status;

/* What a libnrt status calls for. */
enum neuron_status_class {
  NEURON_CLASS_SUCCESS = 0,
  NEURON_CLASS_CALLER_BUG = 1,
  NEURON_CLASS_BAD_DATA = 2,
  NEURON_CLASS_TRANSIENT = 3,
  NEURON_CLASS_RESOURCES = 4,
  NEURON_CLASS_VERSION = 5,
  NEURON_CLASS_UNSPECIFIC = 6,
  NEURON_CLASS_HANG = 7,
  NEURON_CLASS_CORE_DEAD = 8,
  NEURON_CLASS_HARDWARE = 9,
  NEURON_CLASS_HARDWARE_REPAIRABLE = 10,
  NEURON_CLASS_OTHER = 11
};

/* The vendor's name of a libnrt status, or null for an unknown number. Never freed. */
NEURON_API const char* neuron_nrt_status_name(uint32_t nrt_status) NEURON_NOEXCEPT;
/* enum neuron_status_class; NEURON_CLASS_UNSPECIFIC for an unknown number. */
NEURON_API int32_t neuron_nrt_status_class(uint32_t nrt_status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- library */

typedef struct neuron_library neuron_library;

/* By version number. A later generation also has the properties of the earlier ones. */
enum neuron_generation {
  NEURON_GENERATION_UNKNOWN = 0,
  NEURON_GENERATION_BEFORE_2_30 = 1,  /* old dtype numbers */
  NEURON_GENERATION_FROM_2_30 = 2,    /* transfers through a bounce buffer by default */
  NEURON_GENERATION_FROM_2_32_31 = 3, /* transfers straight from and to the caller's memory */
  NEURON_GENERATION_FROM_2_34_10 = 4, /* no implicit asynchronous mode */
  NEURON_GENERATION_FROM_2_35 = 5     /* a device profile reserves 64 MB more of each core */
};

typedef struct neuron_library_info {
  const char* path; /* of the file; never freed */
  uint64_t version_major;
  uint64_t version_minor;
  uint64_t version_patch;
  uint64_t version_maintenance; /* all four 0 if the library does not state its version */
  const char* version_detail;   /* never freed */
  const char* git_hash;         /* never freed */
  int32_t generation;           /* enum neuron_generation */
  int32_t has_nrt_3;       /* 1 if it has the asynchronous functions of runtime 2.31 and later */
  int32_t has_tensor_cast; /* 1 if it has nrt_tensor_cast of runtime 2.35 and later */
  int32_t emulated;        /* 1 if it is this project's emulator */
  const char* missing_symbols; /* optional functions that it lacks, comma-separated; never freed */
} neuron_library_info;

/* Loads libnrt: the file at `path` and no other, or, where `path` is null or empty, `libnrt.so.1`
 * by the loader's rules and then /opt/aws/neuron/lib/libnrt.so.1. Returns the same handle for the
 * same path. Null if there is none: kind NEURON_ERROR_UNAVAILABLE, and the message has one line per
 * attempt. */
NEURON_API const neuron_library* neuron_library_open(const char* path,
                                                     neuron_status* status) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_library_get_info(const neuron_library* library, neuron_library_info* info,
                                           neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- emulator
 * Only for the project's own libnrt: NEURON_ERROR_UNAVAILABLE for any other library. */

typedef struct neuron_emulator_counters {
  uint64_t live_models;
  uint64_t live_tensors;
  uint64_t live_tensor_sets;
  uint64_t live_tensor_infos;
  uint64_t executions;      /* that reached a core */
  uint64_t attached_copies; /* times that an execution copied a HOST or attached tensor */
  uint64_t misuse_total;    /* calls that break libnrt's rules; each is logged on stderr */
} neuron_emulator_counters;

/* Since the runtime was opened. */
typedef struct neuron_emulator_core {
  int32_t dead; /* 1 if it can execute no more */
  uint64_t executions;
  uint64_t bytes_written;
  uint64_t bytes_read;
  int64_t busy_nanos; /* time in which it was executing */
} neuron_emulator_core;

/* Configures cores, times and faults of the runtimes to be opened; `json` is described in the
 * emulator's README. Null: NRT_EMULATOR_CONFIG of the environment, else the defaults.
 * Refused while a runtime is open. */
NEURON_API int32_t neuron_emulator_configure(const neuron_library* library, const char* json,
                                             neuron_status* status) NEURON_NOEXCEPT;
/* Replaces the fault plan at once, until the runtime is closed or configured; "[]" ends all
 * faults. */
NEURON_API int32_t neuron_emulator_set_faults(const neuron_library* library, const char* json,
                                              neuron_status* status) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_emulator_get_counters(const neuron_library* library,
                                                neuron_emulator_counters* counters,
                                                neuron_status* status) NEURON_NOEXCEPT;
/* Sets attached_copies and misuse_total to zero. */
NEURON_API int32_t neuron_emulator_reset_counters(const neuron_library* library,
                                                  neuron_status* status) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_emulator_get_core(const neuron_library* library, int32_t core,
                                            neuron_emulator_core* info,
                                            neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- runtime */

typedef struct neuron_runtime neuron_runtime;

typedef struct neuron_runtime_options {
  const char*
      visible_cores; /* "3", "0-1", "0,1,2": the cores to own; null or empty: not restricted */
  int32_t num_cores; /* how many cores to own, whichever are free; 0: not restricted */
  int32_t exec_timeout_seconds; /* 0: NEURON_RT_EXEC_TIMEOUT of the environment, else 30 */
} neuron_runtime_options;

typedef struct neuron_runtime_info {
  int32_t visible_core_count; /* cores of this process, numbered from 0 */
  int32_t total_core_count;   /* cores of the instance; 0 if unknown */
  uint32_t instance_family;   /* libnrt's number: INF2 is 4; 0 if unknown */
  uint32_t instance_size;     /* libnrt's number */
  char arch_name[17];
  char device_revision[9];
} neuron_runtime_info;

typedef struct neuron_memory_stats {
  uint64_t bytes_used;
  uint64_t bytes_limit;
} neuron_memory_stats;

/* Initialises libnrt and reserves the cores; needs seconds on hardware. One runtime at a time
 * per process. Changes NEURON_RT_* variables of the process environment until the runtime is
 * closed: no other thread may use setenv or getenv meanwhile. `options` may be null. */
NEURON_API neuron_runtime* neuron_runtime_open(const neuron_library* library,
                                               const neuron_runtime_options* options,
                                               neuron_status* status) NEURON_NOEXCEPT;
/* NEURON_ERROR_STATE, and still open, while models are loaded. */
NEURON_API int32_t neuron_runtime_close(neuron_runtime* runtime,
                                        neuron_status* status) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_runtime_get_info(const neuron_runtime* runtime, neuron_runtime_info* info,
                                           neuron_status* status) NEURON_NOEXCEPT;
/* Device memory of a core. NEURON_ERROR_UNAVAILABLE if this libnrt does not report it. */
NEURON_API int32_t neuron_runtime_get_memory_stats(const neuron_runtime* runtime, int32_t core,
                                                   neuron_memory_stats* stats,
                                                   neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- model */

typedef struct neuron_model neuron_model;

enum neuron_direction { NEURON_INPUT = 0, NEURON_OUTPUT = 1 };

typedef struct neuron_tensor_info {
  const char* name;      /* valid as long as the model */
  const uint32_t* shape; /* `rank` dimensions, valid as long as the model */
  uint32_t rank;
  uint32_t dtype;         /* libnrt's number, whose meaning depends on the generation */
  uint64_t size;          /* bytes */
  uint64_t region_offset; /* where it starts in a slot's region */
} neuron_tensor_info;

/* Loads a NEFF file onto a core; needs seconds on hardware. */
NEURON_API neuron_model* neuron_model_load(neuron_runtime* runtime, const char* path, int32_t core,
                                           neuron_status* status) NEURON_NOEXCEPT;
/* NEURON_ERROR_STATE, and still loaded, while slots exist. After any other result the handle is
 * gone; NEURON_ERROR_NRT then means that libnrt failed to unload. */
NEURON_API int32_t neuron_model_unload(neuron_model* model, neuron_status* status) NEURON_NOEXCEPT;
/* `direction`: enum neuron_direction. -1 for a null model or another direction. */
NEURON_API int32_t neuron_model_get_tensor_count(const neuron_model* model,
                                                 int32_t direction) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_model_get_tensor(const neuron_model* model, int32_t direction,
                                           int32_t index, neuron_tensor_info* info,
                                           neuron_status* status) NEURON_NOEXCEPT;
/* Bytes of a slot's region, a multiple of the page size. 0 for a null model or another direction.
 */
NEURON_API uint64_t neuron_model_get_region_size(const neuron_model* model,
                                                 int32_t direction) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- slot */

typedef struct neuron_slot neuron_slot;

/* How the inputs get from the input region to the device. */
enum neuron_input_path {
  NEURON_PATH_WRITE_BATCH = 0, /* one nrt_tensor_write_batch; the default */
  NEURON_PATH_WRITE = 1,       /* one nrt_tensor_write per input */
  NEURON_PATH_SLICES = 2,      /* one nrt_tensor_write to a tensor that the inputs are slices of */
  NEURON_PATH_ATTACHED = 3,    /* the region is attached to the inputs; libnrt copies */
  NEURON_PATH_HOST = 4         /* HOST tensors, one nrt_tensor_write per input */
};

/* How long the stages of an execution took; 0 for a stage that it did not reach. */
typedef struct neuron_stage_times {
  int64_t write_nanos;
  int64_t execute_nanos;
  int64_t read_nanos;
} neuron_stage_times;

/* Bytes of a page of this machine: the alignment of regions. */
NEURON_API uint64_t neuron_page_size(void) NEURON_NOEXCEPT;

/* The host memory of a slot: lent by the caller until the slot is destroyed, and the caller's to
 * read and write whenever the slot does not execute. */
typedef struct neuron_slot_memory {
  void* input_region;              /* page-aligned */
  uint64_t input_region_size;      /* neuron_model_get_region_size at least */
  void* output_region;             /* page-aligned */
  uint64_t output_region_size;     /* neuron_model_get_region_size at least */
  neuron_stage_times* stage_times; /* filled by each execution; null if not wanted */
} neuron_slot_memory;

/* The first slot of a model with some input path probes the path, which executes the model for
 * paths other than write_batch and write; a path that does not work is replaced, see
 * neuron_slot_get_input_path. */
NEURON_API neuron_slot* neuron_slot_create(neuron_model* model, int32_t input_path,
                                           const neuron_slot_memory* memory,
                                           neuron_status* status) NEURON_NOEXCEPT;
/* NEURON_ERROR_STATE, and still there, while it executes. */
NEURON_API int32_t neuron_slot_destroy(neuron_slot* slot, neuron_status* status) NEURON_NOEXCEPT;

/* Moves the input region to the device, runs the model, fills the output region: of each output its
 * first output_bytes, or all if it has fewer; the bytes after them do not change. Blocks until
 * the end; allocates nothing unless it fails. After a failure the output region is unspecified.
 * NEURON_ERROR_STATE while another thread is in this call with the same slot. */
NEURON_API int32_t neuron_slot_execute(neuron_slot* slot, uint64_t output_bytes,
                                       neuron_status* status) NEURON_NOEXCEPT;

/* The path in use, enum neuron_input_path; -1 for a null slot. */
NEURON_API int32_t neuron_slot_get_input_path(const neuron_slot* slot) NEURON_NOEXCEPT;
/* Why it is not the requested one, empty if it is. Valid as long as the slot. */
NEURON_API const char* neuron_slot_get_input_path_reason(const neuron_slot* slot) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- leak checks */

typedef struct neuron_live_counts {
  int64_t runtimes;
  int64_t models;
  int64_t tensors;
  int64_t tensor_sets;
  int64_t slots;
} neuron_live_counts;

/* What this library holds right now. `counts` may not be null. */
NEURON_API void neuron_get_live_counts(neuron_live_counts* counts) NEURON_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* NEURON_EMBED_CAPI_NEURON_CAPI_H_ */
