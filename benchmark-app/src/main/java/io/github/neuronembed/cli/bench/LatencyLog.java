package io.github.neuronembed.cli.bench;

import java.io.OutputStream;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;

/**
 * The latencies of a run as an HdrHistogram log ({@code .hlog}), in nanoseconds: for each cell the
 * calls that ended in each second, tagged with the cell, so that the usual tools show percentiles
 * over time. Times are seconds since the first cell's beginning.
 */
final class LatencyLog {

  private static final long INTERVAL_NANOS = 1_000_000_000;
  private static final double NANOS_PER_MILLI = 1e6;

  private LatencyLog() {}

  static void write(BenchRun run, OutputStream out) {
    HistogramLogWriter log = new HistogramLogWriter(out);
    log.outputComment(
        "[%s on %s%s, latencies in ns]"
            .formatted(
                run.modelName(),
                run.backend(),
                run.emulated() ? ", EMULATED: says nothing about a device" : ""));
    log.outputLogFormatVersion();
    log.outputStartTime(0);
    log.outputLegend();
    double offsetSeconds = 0;
    for (CellResult result : run.results()) {
      String tag = (run.emulated() ? "emulated." : "") + result.cell().tag();
      NavigableMap<Long, Histogram> seconds = bySecond(result.timers());
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
