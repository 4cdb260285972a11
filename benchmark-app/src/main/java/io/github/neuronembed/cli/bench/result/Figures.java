package io.github.neuronembed.cli.bench.result;

import java.util.List;

/**
 * The figures of a cell that was measured.
 *
 * @param calls calls that were served
 * @param rows rows of these calls
 * @param totalSeconds from the workers' common beginning to the last call's end
 * @param stopped whether it was ended from outside, before its time
 * @param offeredRate rows that arrived in a second; NaN if nobody but the workers decided
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
   *     without the first and the last; NaN with fewer than three
   * @param neuronPerfPeak rows of the best second
   * @param withStalls rows divided by the whole time, stalls included
   * @param interval how sure {@code withStalls} is
   * @param windows rows per second in equal parts of the run
   */
  public record Throughput(
      double neuronPerfAverage,
      double neuronPerfPeak,
      double withStalls,
      Interval interval,
      List<Double> windows) {}

  /**
   * Where the time went, in milliseconds; NaN if not known.
   *
   * @param queue mean wait of a call, from its arrival
   * @param tokenize mean time of a call for turning its texts into tokens
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

    /** Part of the computed tokens that was of texts, 0 to 1. */
    public double fill() {
      return 1 - paddingRatio;
    }
  }

  /**
   * Times in which no call ended although some had begun or should have.
   *
   * @param count how many there were
   * @param totalSeconds of all
   * @param longestSeconds of the longest
   */
  public record Stalls(long count, double totalSeconds, double longestSeconds) {}

  /**
   * What the process needed; NaN where the system does not say.
   *
   * @param cpuPercent mean load, 100 for every processor at work
   * @param residentMegabytes memory at the end
   * @param peakResidentMegabytes the most memory meanwhile
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
