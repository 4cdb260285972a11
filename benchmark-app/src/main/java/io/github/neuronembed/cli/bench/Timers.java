package io.github.neuronembed.cli.bench;

import java.util.Arrays;
import java.util.List;

/**
 * When each call of one worker began and ended, in nanoseconds since all workers were let go. Not
 * thread-safe: the worker writes, and others read after it has ended.
 */
final class Timers {

  private static final double NANOS_PER_MILLI = 1e6;

  private long[] begins = new long[1024];
  private long[] ends = new long[1024];
  private int size;

  void add(long beginNanos, long endNanos) {
    if (size == begins.length) {
      begins = Arrays.copyOf(begins, size * 2);
      ends = Arrays.copyOf(ends, size * 2);
    }
    begins[size] = beginNanos;
    ends[size++] = endNanos;
  }

  int size() {
    return size;
  }

  long begin(int call) {
    return begins[call];
  }

  long end(int call) {
    return ends[call];
  }

  /** The durations of all calls in milliseconds, ascending. */
  static double[] sortedMillis(List<Timers> workers) {
    double[] millis = new double[workers.stream().mapToInt(Timers::size).sum()];
    int at = 0;
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        millis[at++] = (worker.end(call) - worker.begin(call)) / NANOS_PER_MILLI;
      }
    }
    Arrays.sort(millis);
    return millis;
  }
}
