#include "clock.h"

#include <sys/prctl.h>
#include <time.h>

#include <cerrno>

#include "cpu_pause.h"

namespace neuron_embed::emulator {

int64_t NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec;
}

void WaitUntil(int64_t deadline, int64_t spin_nanos) {
  const int64_t wake = deadline - spin_nanos;
  if (wake > NowNanos()) {
    const int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    timespec until;
    until.tv_sec = static_cast<time_t>(wake / kNanosPerSecond);
    until.tv_nsec = static_cast<long>(wake % kNanosPerSecond);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
    if (slack > 0) prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(slack), 0, 0, 0);
  }
  while (NowNanos() < deadline) CpuPause();
}

}  // namespace neuron_embed::emulator
