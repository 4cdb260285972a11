package io.github.neuronembed.cli.bench;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of one cell: figures, or the reason why there are none.
 *
 * @param cell the cell
 * @param failure why it failed; null if it did not
 * @param measurement what was recorded; null if it failed
 * @param rules the figures by NeuronPerf's rules; null if it failed
 * @param rowsPerSecond rows that were finished by the time they took, stalls included
 * @param throughputInterval how sure {@code rowsPerSecond} is
 * @param windows rows per second in equal parts of the run, see {@link ThroughputWindows}
 * @param latencyIntervals how sure each of {@link NeuronPerfRules#PERCENTILES} is, in milliseconds
 * @param totalSeconds from the first call's beginning to the last one's end
 * @param stalls times in which nothing ended
 * @param steps the rates that were tried, if the highest had to be found
 * @param quality how right the vectors are
 * @param cutRows rows that were too long
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package, never compared
record CellResult(
    Cell cell,
    @Nullable String failure,
    @Nullable Measurement measurement,
    @Nullable NeuronPerfRules rules,
    double rowsPerSecond,
    Interval throughputInterval,
    double[] windows,
    List<Interval> latencyIntervals,
    double totalSeconds,
    Stalls stalls,
    List<RateStep> steps,
    Quality quality,
    long cutRows) {

  /** A call is spread over windows: with fewer than two a window, chance would not be seen. */
  static final int LEAST_CALLS = 64;

  static CellResult failed(Cell cell, String reason) {
    return failed(cell, reason, List.of(), Quality.skipped("the cell failed"));
  }

  static CellResult failed(Cell cell, String reason, List<RateStep> steps, Quality quality) {
    return new CellResult(
        cell,
        reason,
        null,
        null,
        Double.NaN,
        Interval.UNKNOWN,
        new double[0],
        List.of(),
        Double.NaN,
        Stalls.NONE,
        steps,
        quality,
        0);
  }

  static CellResult of(Cell cell, Measurement measurement, Quality quality, long cutRows) {
    List<Timers> workers = measurement.timers();
    NeuronPerfRules rules = NeuronPerfRules.of(workers);
    long last = Timers.lastEnd(workers);
    double seconds = last / 1e9;
    double[] windows = ThroughputWindows.of(workers, last);
    double[] sorted = Timers.sortedMillis(workers);
    return new CellResult(
        cell,
        null,
        measurement,
        rules,
        rules.rows() / seconds,
        rules.calls() < LEAST_CALLS ? Interval.UNKNOWN : Bootstrap.mean(windows),
        windows,
        Arrays.stream(NeuronPerfRules.PERCENTILES)
            .mapToObj(percent -> PercentileInterval.of(sorted, percent))
            .toList(),
        seconds,
        Stalls.of(workers, rules.latencyMillis()[1]),
        measurement.steps(),
        quality,
        cutRows);
  }

  /** The calls of each worker; empty if it failed. */
  List<Timers> timers() {
    return measurement == null ? List.of() : measurement.timers();
  }

  Stages stages() {
    return measurement == null ? new Stages() : measurement.stages();
  }

  ProcessUse use() {
    return measurement == null ? ProcessUse.UNKNOWN : measurement.use();
  }

  /** Rows that arrived in a second; NaN if the workers decided. */
  double offeredRate() {
    return measurement == null ? Double.NaN : measurement.offeredRate();
  }

  boolean stopped() {
    return measurement != null && measurement.stopped();
  }

  /** Tokens without padding by the time they took, stalls included. */
  double tokensPerSecond() {
    return stages().tokens() / totalSeconds;
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
