package io.github.neuronembed.cli.bench.figures;

import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * When each call of one worker began and ended, in nanoseconds since the start of all workers, and
 * the rows it carried. Not thread-safe: the worker writes, and others read after it has ended.
 */
public final class Timers {

  private static final double NANOS_PER_MILLI = 1e6;

  /** Latencies have a resolution of 0.1 %. */
  public static final int SIGNIFICANT_DIGITS = 3;

  private final Histogram latencies = new Histogram(SIGNIFICANT_DIGITS);
  private long[] begins = new long[1024];
  private long[] ends = new long[1024];
  private int[] rows = new int[1024];
  private int size;

  public void add(long beginNanos, long endNanos, int rowCount) {
    if (size == begins.length) {
      begins = Arrays.copyOf(begins, size * 2);
      ends = Arrays.copyOf(ends, size * 2);
      rows = Arrays.copyOf(rows, size * 2);
    }
    begins[size] = beginNanos;
    ends[size] = endNanos;
    rows[size++] = rowCount;
    latencies.recordValue(endNanos - beginNanos);
  }

  public int size() {
    return size;
  }

  public long begin(int call) {
    return begins[call];
  }

  public long end(int call) {
    return ends[call];
  }

  public int rows(int call) {
    return rows[call];
  }

  /** The mean duration of a call in milliseconds; NaN without calls. */
  double meanMillis() {
    double nanos = 0;
    for (int call = 0; call < size; call++) {
      nanos += ends[call] - begins[call];
    }
    return nanos / NANOS_PER_MILLI / size;
  }

  /** The latencies of all workers in nanoseconds: the histograms of each, added up. */
  public static Histogram latencies(List<Timers> workers) {
    Histogram all = new Histogram(SIGNIFICANT_DIGITS);
    workers.forEach(worker -> all.add(worker.latencies));
    return all;
  }

  /** When the last call ended; 0 if none did. */
  public static long lastEnd(List<Timers> workers) {
    long last = 0;
    for (Timers worker : workers) {
      if (worker.size > 0) {
        last = Math.max(last, worker.ends[worker.size - 1]);
      }
    }
    return last;
  }

  /** The durations of all calls in milliseconds, ascending. */
  public static double[] sortedMillis(List<Timers> workers) {
    double[] millis = new double[workers.stream().mapToInt(Timers::size).sum()];
    int at = 0;
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size; call++) {
        millis[at++] = (worker.ends[call] - worker.begins[call]) / NANOS_PER_MILLI;
      }
    }
    Arrays.sort(millis);
    return millis;
  }
}
