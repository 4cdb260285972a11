// Time, in nanoseconds of CLOCK_MONOTONIC.

#ifndef NEURON_EMBED_EMULATOR_CLOCK_H_
#define NEURON_EMBED_EMULATOR_CLOCK_H_

#include <cstdint>

namespace neuron_embed::emulator {

inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t NowNanos();

// Returns at `deadline` or just after. Sleeps with the calling thread's timer slack at its minimum,
// and restores the slack before it returns. Polls the clock during the last `spin_nanos`.
void WaitUntil(int64_t deadline, int64_t spin_nanos);

}  // namespace neuron_embed::emulator

#endif  // NEURON_EMBED_EMULATOR_CLOCK_H_
