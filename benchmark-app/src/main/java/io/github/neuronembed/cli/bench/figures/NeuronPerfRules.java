package io.github.neuronembed.cli.bench.figures;

import java.util.List;
import java.util.TreeMap;

/**
 * The columns of a cell by the published rules of NeuronPerf (aws-neuron-sdk, {@code
 * src/neuronperf}): latency percentiles by linear interpolation over every call's duration;
 * throughput from the calls that ended in each second: the peak, and the mean without the first and
 * the last second in which calls ended.
 *
 * <p>Its {@code *_avg_ms} columns are means of each worker's mean.
 *
 * @param meanOfWorkerMeans the mean of the durations, by that rule, in milliseconds
 * @param throughputAverage rows per second, NaN with fewer than three seconds
 * @param throughputPeak rows of the best second
 * @param calls calls in all
 * @param rows rows of the calls in all
 */
public record NeuronPerfRules(
    double meanOfWorkerMeans,
    double throughputAverage,
    double throughputPeak,
    long calls,
    long rows) {

  private static final long WINDOW_NANOS = 1_000_000_000;

  public static NeuronPerfRules of(List<Timers> workers) {
    TreeMap<Long, Integer> windows = new TreeMap<>();
    long rows = 0;
    for (Timers worker : workers) {
      for (int call = 0; call < worker.size(); call++) {
        windows.merge(
            Math.floorDiv(worker.end(call), WINDOW_NANOS), worker.rows(call), Integer::sum);
        rows += worker.rows(call);
      }
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
        workers.stream()
            .filter(worker -> worker.size() > 0)
            .mapToDouble(Timers::meanMillis)
            .average()
            .orElse(Double.NaN),
        average,
        peak,
        workers.stream().mapToLong(Timers::size).sum(),
        rows);
  }

  /** NumPy's default: linear interpolation between the two nearest of the sorted values. */
  public static double percentile(double[] sorted, double percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double rank = percent / 100 * (sorted.length - 1);
    int below = (int) Math.floor(rank);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
  }
}
