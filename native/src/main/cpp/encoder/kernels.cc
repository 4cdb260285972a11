#include "encoder/kernels.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "encoder/error.h"

namespace neuron_embed::encoder {
namespace {

struct Runnable {
  const Kernel* kernels[4] = {};
  size_t count = 0;

  Runnable() {
#if defined(__x86_64__)
    // This asks both the processor and the operating system (XGETBV).
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni")) {
      kernels[count++] = &kAvx512VnniKernel;
    }
    if (avx2) {
      kernels[count++] = &kAvx2Kernel;
    }
#elif defined(__aarch64__)
    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) kernels[count++] = &kNeonKernel;
#endif
    kernels[count++] = &kPortableKernel;
  }
};

const Runnable& All() {
  static const Runnable runnable;
  return runnable;
}

}  // namespace

const Kernel* KernelAt(size_t index) {
  return index < All().count ? All().kernels[index] : nullptr;
}

const Kernel& KernelNamed(const std::string& name) {
  std::string names;
  for (size_t i = 0; i < All().count; ++i) {
    const Kernel& kernel = *All().kernels[i];
    if (name.empty() || name == kernel.name) return kernel;
    names += (names.empty() ? "" : ", ") + std::string(kernel.name);
  }
  throw EncoderError(
      EncoderErrorKind::kUnavailable,
      "This machine cannot run the encoder's kernel '" + name + "'; it can run " + names);
}

}  // namespace neuron_embed::encoder
