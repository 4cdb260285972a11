package io.github.neuronembed.cli.bench.figures;

import java.util.List;

/**
 * Rows per second in equal parts of a run. The rows of a call are spread over its duration. So the
 * mean of the windows is exactly the rows divided by the time, and a stall is visible where it
 * happened.
 */
public final class ThroughputWindows {

  private static final int COUNT = 30;

  private ThroughputWindows() {}

  /**
   * Cuts a run into windows.
   *
   * @param endNanos when the last call ended
   * @return rows per second, one figure a window; empty if nothing ended
   */
  public static double[] of(List<Timers> workers, long endNanos) {
    if (endNanos <= 0) {
      return new double[0];
    }
    double width = (double) endNanos / COUNT;
    double[] rows = new double[COUNT];
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        spread(worker.begin(call), worker.end(call), worker.rows(call), width, rows);
      }
    }
    for (int i = 0; i < COUNT; i++) {
      rows[i] /= width / 1e9;
    }
    return rows;
  }

  private static void spread(long begin, long end, int callRows, double width, double[] rows) {
    int first = Math.min((int) (begin / width), COUNT - 1);
    int last = Math.min((int) (end / width), COUNT - 1);
    if (first == last) {
      rows[first] += callRows;
      return;
    }
    double perNano = (double) callRows / (end - begin);
    for (int i = first; i <= last; i++) {
      double from = Math.max((double) begin, i * width);
      double to = i == last ? end : (i + 1) * width;
      rows[i] += (to - from) * perNano;
    }
  }
}
