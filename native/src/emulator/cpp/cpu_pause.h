#ifndef NEURON_EMBED_EMULATOR_CPU_PAUSE_H_
#define NEURON_EMBED_EMULATOR_CPU_PAUSE_H_

namespace neuron_embed::emulator {

// Tells the processor that this thread polls.
inline void CpuPause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CPU_PAUSE_H_
