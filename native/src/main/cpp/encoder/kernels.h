// The kernels that were compiled, and which of them this machine can run.

#ifndef NEURON_EMBED_ENCODER_KERNELS_H_
#define NEURON_EMBED_ENCODER_KERNELS_H_

#include <cstddef>
#include <string>

#include "encoder/kernel.h"

namespace neuron_embed::encoder {

extern const Kernel kPortableKernel;
#if defined(__x86_64__)
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512VnniKernel;
#elif defined(__aarch64__)
extern const Kernel kNeonKernel;
#endif

// Kernel number `index` that this machine can run, the fastest first; null past
// the end. The last is the portable one.
const Kernel* KernelAt(size_t index);

// By name; the fastest for an empty one. Throws EncoderError(kUnavailable) if
// there is none such here.
const Kernel& KernelNamed(const std::string& name);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_KERNELS_H_
