package io.github.neuronembed.cli.bench;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * The columns of a cell by the published rules of NeuronPerf (aws-neuron-sdk, {@code
 * src/neuronperf}): latency percentiles by linear interpolation over every call's duration;
 * throughput from the calls that ended in each second, the mean without the first and the last
 * second that had any, and the peak.
 *
 * @param latencyMillis p0, p50, p90, p95, p99 and p100
 * @param latencyMillisAverage mean of the durations
 * @param throughputAverage rows per second, NaN with fewer than three seconds
 * @param throughputPeak rows of the best second
 * @param calls calls in all
 * @param rows rows of the calls in all
 */
@SuppressWarnings("ArrayRecordComponent") // made and read in this package, never compared
record NeuronPerfRules(
    double[] latencyMillis,
    double latencyMillisAverage,
    double throughputAverage,
    double throughputPeak,
    int calls,
    int rows) {

  static final int[] PERCENTILES = {0, 50, 90, 95, 99, 100};
  private static final long WINDOW_NANOS = 1_000_000_000;

  static NeuronPerfRules of(List<Timers> workers) {
    double[] millis = Timers.sortedMillis(workers);
    TreeMap<Long, Integer> windows = new TreeMap<>();
    int rows = 0;
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        windows.merge(
            Math.floorDiv(worker.end(call), WINDOW_NANOS), worker.rows(call), Integer::sum);
        rows += worker.rows(call);
      }
    }
    double[] latency = new double[PERCENTILES.length];
    for (int i = 0; i < latency.length; i++) {
      latency[i] = percentile(millis, PERCENTILES[i]);
    }
    List<Integer> counts = List.copyOf(windows.values());
    double average =
        counts.size() < 3
            ? Double.NaN
            : counts.subList(1, counts.size() - 1).stream()
                .mapToInt(Integer::intValue)
                .average()
                .orElse(Double.NaN);
    double peak = counts.stream().mapToInt(Integer::intValue).max().orElse(0);
    return new NeuronPerfRules(
        latency,
        Arrays.stream(millis).average().orElse(Double.NaN),
        average,
        peak,
        millis.length,
        rows);
  }

  /** NumPy's default: linear interpolation between the two nearest of the sorted values. */
  static double percentile(double[] sorted, double percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double rank = percent / 100 * (sorted.length - 1);
    int below = (int) Math.floor(rank);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
  }

  /** Dollars for a million rows; NaN without a throughput. */
  double costPerMillion(double costPerHour) {
    return costPerHour * 1e6 / (3600 * throughputAverage);
  }

  /** Three places, as Python's {@code round} does it: half to even, of the exact binary value. */
  static double round(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return value;
    }
    return new BigDecimal(value).setScale(3, RoundingMode.HALF_EVEN).doubleValue();
  }
}
