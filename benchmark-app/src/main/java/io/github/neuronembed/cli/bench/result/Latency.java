package io.github.neuronembed.cli.bench.result;

import java.util.List;
import java.util.stream.Stream;

/**
 * How long calls took, in milliseconds. In an open loop a call's latency counts from its arrival.
 *
 * @param meanOfWorkerMeans by NeuronPerf's rule for its {@code *_avg_ms} columns: the mean of each
 *     worker's mean
 * @param meanOfCalls the mean over all calls
 * @param distribution from the histogram of all calls, ascending; empty in files of versions that
 *     did not write it
 */
public record Latency(
    Percentile p0,
    Percentile p50,
    Percentile p90,
    Percentile p95,
    Percentile p99,
    Percentile p100,
    double meanOfWorkerMeans,
    double meanOfCalls,
    List<Point> distribution) {

  /**
   * A percentile by linear interpolation over all calls.
   *
   * @param percent 0 to 100
   * @param interval its confidence interval; unknown with too few calls
   * @param supported whether there are enough calls for it, by {@link #isSupported}
   */
  public record Percentile(int percent, double millis, Interval interval, boolean supported) {}

  /**
   * A point of the distribution.
   *
   * @param percent part of the calls that took no longer, 0 to below 100
   * @param millis the longest time that they took
   */
  public record Point(double percent, double millis) {}

  /** The percentiles, ascending. */
  public List<Percentile> percentiles() {
    return List.of(p0, p50, p90, p95, p99, p100);
  }

  /** The percentiles with too few calls. */
  public Stream<Percentile> unsupported() {
    return percentiles().stream().filter(percentile -> !percentile.supported());
  }

  /** MLPerf's minimum counts for early stopping: with fewer calls a percentile has no meaning. */
  public static boolean isSupported(int percent, long calls) {
    return switch (percent) {
      case 90, 95 -> calls >= 64;
      case 99 -> calls >= 662;
      default -> true;
    };
  }
}
