package io.github.neuronembed.cli.bench;

import java.util.Arrays;

/**
 * When each call of one worker began and ended, in nanoseconds since all workers were let go. Not
 * thread-safe: the worker writes, and others read after it has ended.
 */
final class Timers {

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
}
