package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.OutputStream;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * The latencies of a run as an HdrHistogram log ({@code .hlog}), in nanoseconds: for each cell, the
 * calls that ended in each second. Each entry has the cell as its tag, so that the usual tools show
 * percentiles over time. Times are seconds since the first cell's beginning.
 */
public final class LatencyLog {

  private static final long INTERVAL_NANOS = 1_000_000_000;
  private static final double NANOS_PER_MILLI = 1e6;

  private LatencyLog() {}

  /**
   * Writes it.
   *
   * @param calls the calls of each worker, for each cell of the run
   */
  public static void write(Run run, List<List<Timers>> calls, OutputStream out) {
    HistogramLogWriter log = new HistogramLogWriter(out);
    log.outputComment(
        "[%s on %s%s, latencies in ns]"
            .formatted(
                run.subject().modelName(),
                run.backend(),
                run.emulated() ? ", EMULATED: says nothing about a real device" : ""));
    log.outputLogFormatVersion();
    log.outputStartTime(0);
    log.outputLegend();
    double offsetSeconds = 0;
    for (int cell = 0; cell < calls.size(); cell++) {
      String tag = (run.emulated() ? "emulated." : "") + run.cells().get(cell).cell().tag();
      NavigableMap<Long, Histogram> seconds = bySecond(calls.get(cell));
      for (var second : seconds.entrySet()) {
        Histogram histogram = second.getValue();
        histogram.setTag(tag);
        double begin = offsetSeconds + second.getKey();
        log.outputIntervalHistogram(begin, begin + 1, histogram, NANOS_PER_MILLI);
      }
      if (!seconds.isEmpty()) {
        offsetSeconds += seconds.lastKey() + 1;
      }
    }
  }

  private static NavigableMap<Long, Histogram> bySecond(List<Timers> workers) {
    NavigableMap<Long, Histogram> seconds = new TreeMap<>();
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        seconds
            .computeIfAbsent(
                worker.end(call) / INTERVAL_NANOS,
                second -> new Histogram(Timers.SIGNIFICANT_DIGITS))
            .recordValue(worker.end(call) - worker.begin(call));
      }
    }
    return seconds;
  }
}
