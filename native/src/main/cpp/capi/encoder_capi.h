/* The C interface of the CPU encoder: BERT encoders in integer products. The Java bindings are
 * generated from this header. It knows nothing of libnrt. neuron_build() names the build.
 *
 * - No function throws, none aborts on a bad argument, none keeps a thread-local error. A function
 *   that can fail takes a caller-owned neuron_status, fills it in every case (null: not wanted),
 *   and also returns its kind or a null pointer.
 * - Handles: the caller owns encoder and session, and closes each once. An encoder must outlive its
 *   sessions: to close it early is refused with NEURON_ERROR_STATE and changes nothing.
 * - Thread-safe, with one duty of the caller: no call may use a handle while another call closes
 *   it, or later. A session runs one batch at a time.
 * - Strings are UTF-8, terminated. Sizes are bytes.
 *
 * Order of calls: neuron_encoder_prepare turns a weights file into a prepared file, once;
 * neuron_encoder_open maps it, any number of times and in any number of processes;
 * neuron_encoder_session_new allocates; neuron_encoder_run computes.
 *
 * Weights file (written by the caller, read by neuron_encoder_prepare alone). Little-endian, no
 * padding:
 *
 *   offset  bytes
 *        0      8  "NEBERTW1"
 *        8      4  int32 version: 1
 *       12      4  int32 layers                        1..256
 *       16      4  int32 hidden                        1..8192, a multiple of heads
 *       20      4  int32 heads                         hidden / heads <= 256
 *       24      4  int32 intermediate                  1..32768
 *       28      4  int32 vocabulary                    1..4194304
 *       32      4  int32 positions                     1..65536: the longest text
 *       36      4  int32 pooling                       enum neuron_encoder_pooling
 *       40      4  int32 normalize                     1: vectors of length 1; 0: as pooled
 *       44      4  float32 epsilon of the layer norms  > 0
 *       48     64  identity: any bytes, kept in the prepared file: what it was made from
 *      112         float32 tensors, row-major, end to end, in this order:
 *                    word embeddings      [vocabulary, hidden]
 *                    position embeddings  [positions, hidden]: row 0 is the first token's
 *                    token type 0         [hidden]
 *                    norm scale, norm bias  [hidden] each
 *                  and for each layer
 *                    query, key, value    each: weights [hidden, hidden], bias [hidden]
 *                    attention output     weights [hidden, hidden], bias [hidden]
 *                    norm scale, norm bias  [hidden] each
 *                    intermediate         weights [hidden, intermediate], bias [intermediate]
 *                    output               weights [intermediate, hidden], bias [hidden]
 *                    norm scale, norm bias  [hidden] each
 *
 * Weights are [in, out]: y = x W + b, as ONNX's MatMul has them. Every value must be finite. The
 * encoder computes post-norm BERT with the erf GELU: e = norm(word + position + type); per layer
 * x = norm(x + attention(x)), x = norm(x + output(gelu(intermediate(x)))).
 */

#ifndef NEURON_EMBED_CAPI_ENCODER_CAPI_H_
#define NEURON_EMBED_CAPI_ENCODER_CAPI_H_

#include <stdint.h>

#include "capi/neuron_capi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------------- kernels */

/* How many kernels this machine can run; at least 1. */
NEURON_API int32_t neuron_encoder_kernel_count(void) NEURON_NOEXCEPT;
/* Their names, the fastest first: "avx512vnni" and "avx2" on x86-64, "neon" on aarch64, and last
 * "portable", which runs everywhere, is slow and is there for tests. Null past the end. Never
 * freed. */
NEURON_API const char* neuron_encoder_kernel_name(int32_t index) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- prepare */

enum neuron_encoder_pooling {
  NEURON_ENCODER_POOLING_CLS = 0, /* the first token's vector */
  NEURON_ENCODER_POOLING_MEAN = 1 /* the mean over all tokens of the text */
};

/* Dense layers: in both, everything else is fp32. */
enum neuron_encoder_precision {
  NEURON_ENCODER_EXACT = 0, /* int16 by int16 */
  NEURON_ENCODER_INT8 = 1   /* uint8 by int8, with smoothing from calibration texts */
};

/* The version of prepared files that this library writes and opens: the name of a file in a cache
 * should contain it. A file suits every kernel. */
NEURON_API int32_t neuron_encoder_format_version(void) NEURON_NOEXCEPT;

#define NEURON_ENCODER_IDENTITY_SIZE 64

/* Packs the weights file at `weights_path` into `target_path`, which is written whole or not at
 * all: under another name in the same folder, synced, renamed. Several processes may prepare the
 * same target. Takes seconds.
 *
 * Calibration texts, for NEURON_ENCODER_INT8 (at least one; some 24 of the kind that is embedded
 * are enough): text i has lengths[i] tokens from ids[i * row_stride] on, special tokens included.
 * They are run through the exact encoder by `kernel` (null: the fastest). For NEURON_ENCODER_EXACT
 * `texts` may be 0. */
NEURON_API int32_t neuron_encoder_prepare(const char* weights_path, const char* target_path,
                                          int32_t precision, const char* kernel, const int32_t* ids,
                                          int32_t row_stride, const int32_t* lengths, int32_t texts,
                                          neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- encoder */

typedef struct neuron_encoder neuron_encoder;

typedef struct neuron_encoder_info {
  int32_t layers;
  int32_t hidden; /* floats of a vector */
  int32_t heads;
  int32_t intermediate;
  int32_t vocabulary; /* ids are 0 .. vocabulary - 1 */
  int32_t positions;  /* the longest text, in tokens */
  int32_t pooling;    /* enum neuron_encoder_pooling */
  int32_t normalize;
  int32_t precision;                           /* enum neuron_encoder_precision */
  const char* kernel;                          /* never freed */
  char identity[NEURON_ENCODER_IDENTITY_SIZE]; /* as the weights file had it; not terminated */
  uint64_t mapped_bytes; /* of the file, shared between processes that map it */
} neuron_encoder_info;

/* Maps the prepared file at `path` read-only and checks all of it: about 10 ms. `kernel`: one of
 * neuron_encoder_kernel_name, or null for the fastest. NEURON_ERROR_PREPARED: prepare it anew;
 * NEURON_ERROR_UNAVAILABLE: no such kernel here. The file must not be shortened or overwritten
 * while it is open; renaming another over it and deleting it are fine. */
NEURON_API neuron_encoder* neuron_encoder_open(const char* path, const char* kernel,
                                               neuron_status* status) NEURON_NOEXCEPT;
/* NEURON_ERROR_STATE, and still open, while sessions exist. */
NEURON_API int32_t neuron_encoder_close(neuron_encoder* encoder,
                                        neuron_status* status) NEURON_NOEXCEPT;
NEURON_API int32_t neuron_encoder_get_info(const neuron_encoder* encoder, neuron_encoder_info* info,
                                           neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- session */

typedef struct neuron_encoder_session neuron_encoder_session;

/* Allocates what batches of at most `max_texts` texts and `max_tokens` tokens in all need
 * (max_tokens at most 2^20, max_texts at most max_tokens). `threads` (1 to 256): how many share one
 * batch's work, the caller's among them; 1 starts none. */
NEURON_API neuron_encoder_session* neuron_encoder_session_new(
    neuron_encoder* encoder, int32_t max_tokens, int32_t max_texts, int32_t threads,
    neuron_status* status) NEURON_NOEXCEPT;
/* NEURON_ERROR_STATE, and still there, while it runs. */
NEURON_API int32_t neuron_encoder_session_close(neuron_encoder_session* session,
                                                neuron_status* status) NEURON_NOEXCEPT;
/* Bytes that the session holds; 0 for a null session. */
NEURON_API uint64_t neuron_encoder_session_bytes(const neuron_encoder_session* session)
    NEURON_NOEXCEPT;

/* Embeds `texts` texts: text i has lengths[i] tokens from ids[i * row_stride] on, special tokens
 * included; what follows them in the row is not read, and nothing is computed for it. Vector i is
 * written to out[i * hidden]. A text's vector does not depend on the others'. Blocks meanwhile;
 * allocates nothing unless it fails.
 *
 * NEURON_ERROR_ARGUMENT, and `out` untouched, if an id is outside the vocabulary, a length is not
 * within 1 .. min(positions, row_stride), or texts or tokens are more than the session was made
 * for. NEURON_ERROR_STATE while another thread is in this call with the same session. */
NEURON_API int32_t neuron_encoder_run(neuron_encoder_session* session, const int32_t* ids,
                                      int32_t row_stride, const int32_t* lengths, int32_t texts,
                                      float* out, neuron_status* status) NEURON_NOEXCEPT;

/* -------------------------------------------------------------------- leak checks */

typedef struct neuron_encoder_live_counts {
  int64_t encoders;
  int64_t sessions;
} neuron_encoder_live_counts;

/* What this library holds right now. `counts` may not be null. */
NEURON_API void neuron_encoder_get_live_counts(neuron_encoder_live_counts* counts) NEURON_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* NEURON_EMBED_CAPI_ENCODER_CAPI_H_ */
