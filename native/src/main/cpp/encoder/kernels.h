// The compiled kernels, and which of them this machine can run.

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

// The kernel number `index` of those that this machine can run, the fastest
// first. Null past the end. The last one is the portable kernel.
const Kernel* KernelAt(size_t index);

// The kernel of that name; the fastest one for an empty name. Throws
// EncoderError(kUnavailable) if this machine has no kernel of that name.
const Kernel& KernelNamed(const std::string& name);

}  // namespace neuron_embed::encoder

#endif  // NEURON_EMBED_ENCODER_KERNELS_H_
