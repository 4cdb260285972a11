package io.github.neuronembed.cli.bench;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of one cell: figures, or the reason why there are none.
 *
 * @param cell the cell
 * @param failure why it failed; null if it did not
 * @param timers the calls of each worker
 * @param rules the figures by NeuronPerf's rules; null if it failed
 * @param rowsPerSecond rows that were finished by the time they took, stalls included
 * @param throughputInterval how sure {@code rowsPerSecond} is
 * @param windows rows per second in equal parts of the run, see {@link ThroughputWindows}
 * @param latencyIntervals how sure each of {@link NeuronPerfRules#PERCENTILES} is, in milliseconds
 * @param totalSeconds from the first call's beginning to the last one's end
 * @param cpuPercent mean load of the process while measuring, 100 for every processor at work
 * @param residentMegabytes memory of the process after the run
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package, never compared
record CellResult(
    Cell cell,
    @Nullable String failure,
    List<Timers> timers,
    @Nullable NeuronPerfRules rules,
    double rowsPerSecond,
    Interval throughputInterval,
    double[] windows,
    List<Interval> latencyIntervals,
    double totalSeconds,
    double cpuPercent,
    double residentMegabytes) {

  /** A call is spread over windows: with fewer than two a window, chance would not be seen. */
  static final int LEAST_CALLS = 64;

  static CellResult failed(Cell cell, String reason) {
    return new CellResult(
        cell,
        reason,
        List.of(),
        null,
        Double.NaN,
        Interval.UNKNOWN,
        new double[0],
        List.of(),
        Double.NaN,
        Double.NaN,
        Double.NaN);
  }

  static CellResult of(
      Cell cell, List<Timers> workers, double cpuPercent, double residentMegabytes) {
    NeuronPerfRules rules = NeuronPerfRules.of(workers);
    long last = Timers.lastEnd(workers);
    double seconds = last / 1e9;
    double[] windows = ThroughputWindows.of(workers, last);
    double[] sorted = Timers.sortedMillis(workers);
    return new CellResult(
        cell,
        null,
        workers,
        rules,
        rules.rows() / seconds,
        rules.calls() < LEAST_CALLS ? Interval.UNKNOWN : Bootstrap.mean(windows),
        windows,
        Arrays.stream(NeuronPerfRules.PERCENTILES)
            .mapToObj(percent -> PercentileInterval.of(sorted, percent))
            .toList(),
        seconds,
        cpuPercent,
        residentMegabytes);
  }

  /** MLPerf's floors for early stopping: below them a percentile is an anecdote. */
  static boolean isSupported(int percentile, int calls) {
    return switch (percentile) {
      case 90, 95 -> calls >= 64;
      case 99 -> calls >= 662;
      default -> true;
    };
  }
}
