package io.github.neuronembed.cli.bench.result;

import java.util.List;

/**
 * The figures of a cell that was measured.
 *
 * @param calls calls that were served
 * @param rows rows of these calls
 * @param totalSeconds from the workers' common beginning to the last call's end
 * @param stopped whether it was ended from outside, before its time
 * @param offeredRate rows that arrived in a second; NaN if the workers decided
 * @param utilisation useful part of the chip's peak, 0 to 1; NaN if not known
 */
public record Figures(
    long calls,
    long rows,
    double totalSeconds,
    boolean stopped,
    double offeredRate,
    Throughput throughput,
    Latency latency,
    StageTimes stages,
    Tokens tokens,
    Stalls stalls,
    ProcessUse use,
    Cost cost,
    double utilisation) {

  /**
   * Rows per second.
   *
   * @param neuronPerfAverage by NeuronPerf's rule: mean of the seconds in which calls ended,
   *     without the first and the last such second; NaN with fewer than three seconds
   * @param neuronPerfPeak rows of the best second
   * @param withStalls rows divided by the whole time, stalls included
   * @param interval the confidence interval of {@code withStalls}
   * @param windows rows per second in equal parts of the run
   */
  public record Throughput(
      double neuronPerfAverage,
      double neuronPerfPeak,
      double withStalls,
      Interval interval,
      List<Double> windows) {}

  /**
   * The time by stage, in milliseconds; NaN if not known.
   *
   * @param queue mean wait of a call, from its arrival
   * @param tokenize mean time that a call takes to tokenize its texts
   * @param write mean time of an execution from the host to the device
   * @param execute mean time of an execution for computing, the wait for the core included
   * @param read mean time of an execution from the device to the host
   * @param execution mean time of an execution in all
   * @param workerMeanTokenize tokenizing by NeuronPerf's rule: mean of each worker's mean
   * @param workerMeanInfer an execution by NeuronPerf's rule: mean of each worker's mean
   */
  public record StageTimes(
      double queue,
      double tokenize,
      double write,
      double execute,
      double read,
      double execution,
      double workerMeanTokenize,
      double workerMeanInfer) {}

  /**
   * Tokens of the rows.
   *
   * @param perSecond without padding, stalls included
   * @param perRow mean, without padding
   * @param rowsPerExecution mean; NaN if not known
   * @param paddingRatio part of the computed tokens that was padding, 0 to 1
   * @param cutRows rows that were longer than the cell's sequence length
   */
  public record Tokens(
      double perSecond, double perRow, double rowsPerExecution, double paddingRatio, long cutRows) {

    /** Part of the computed tokens that belonged to texts, 0 to 1. */
    public double fill() {
      return 1 - paddingRatio;
    }
  }

  /**
   * Periods in which no call ended, although a call had begun or should have begun.
   *
   * @param count how many there were
   * @param totalSeconds of all
   * @param longestSeconds of the longest
   */
  public record Stalls(long count, double totalSeconds, double longestSeconds) {}

  /**
   * What the process used; NaN if the system does not report it.
   *
   * @param cpuPercent mean load, 100 for every processor at work
   * @param residentMegabytes memory at the end
   * @param peakResidentMegabytes the most memory during the measurement
   * @param peakHeapMegabytes the most of the Java heap in use
   */
  public record ProcessUse(
      double cpuPercent,
      double residentMegabytes,
      double peakResidentMegabytes,
      double peakHeapMegabytes) {

    public static final ProcessUse UNKNOWN =
        new ProcessUse(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
  }

  /**
   * Dollars for a million rows; NaN without a price.
   *
   * @param byNeuronPerf by {@link Throughput#neuronPerfAverage}
   * @param withStalls by {@link Throughput#withStalls}
   */
  public record Cost(double byNeuronPerf, double withStalls) {}
}
