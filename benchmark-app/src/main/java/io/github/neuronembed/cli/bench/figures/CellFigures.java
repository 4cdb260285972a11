package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Computes the figures of a cell from its measurement.
 *
 * @param price of the machine; null for no costs
 * @param chip whose peak gives the utilisation; null for no utilisation
 * @param size of the model's encoder; null if it is not known, or no model is computed
 * @param published the published figures of a cell; null if there are none
 */
public record CellFigures(
    @Nullable Price price,
    @Nullable Chip chip,
    @Nullable EncoderSize size,
    Function<Cell, @Nullable Published> published) {

  /** Figures without any comparison. */
  public static final CellFigures PLAIN = new CellFigures(null, null, null, cell -> null);

  /**
   * A call is spread over windows. With fewer than two calls in each window, the windows would not
   * show random variation.
   */
  static final int LEAST_CALLS = 64;

  private static final double NANOS_PER_MILLI = 1e6;
  private static final int MOST_POINTS = 80;

  /** A cell that was measured. */
  public CellResult of(Cell cell, Measurement measurement, Quality quality, long cutRows) {
    List<Timers> timers = measurement.timers();
    double[] sorted = Timers.sortedMillis(timers);
    Stalls stalls = Stalls.of(timers, NeuronPerfRules.percentile(sorted, 50));
    Figures figures = figures(cell, measurement, sorted, stalls, cutRows);
    return new CellResult(
        cell,
        null,
        figures,
        measurement.steps(),
        quality,
        published.apply(cell),
        Remarks.of(cell, figures, stalls));
  }

  /** A cell that failed. */
  public CellResult failed(Cell cell, String reason, List<RateStep> steps, Quality quality) {
    return CellResult.failed(cell, reason, List.copyOf(steps), quality, published.apply(cell));
  }

  private Figures figures(
      Cell cell, Measurement measurement, double[] sorted, Stalls stalls, long cutRows) {
    List<Timers> timers = measurement.timers();
    NeuronPerfRules rules = NeuronPerfRules.of(timers);
    long last = Timers.lastEnd(timers);
    double seconds = last / 1e9;
    double rowsPerSecond = rules.rows() / seconds;
    double[] windows = ThroughputWindows.of(timers, last);
    Stages stages = measurement.stages();
    return new Figures(
        rules.calls(),
        rules.rows(),
        seconds,
        measurement.stopped(),
        measurement.offeredRate(),
        new Figures.Throughput(
            rules.throughputAverage(),
            rules.throughputPeak(),
            rowsPerSecond,
            rules.calls() < LEAST_CALLS ? Interval.UNKNOWN : Bootstrap.mean(windows),
            Arrays.stream(windows).boxed().toList()),
        latency(timers, sorted, rules.meanOfWorkerMeans()),
        new Figures.StageTimes(
            stages.queueMillis(),
            stages.tokenizeMillis(),
            stages.writeMillis(),
            stages.executeMillis(),
            stages.readMillis(),
            stages.inferMillis(),
            meanOfWorkers(measurement, Stages::tokenizeMillis, stages.tokenizeMillis()),
            meanOfWorkers(measurement, Stages::inferMillis, stages.inferMillis())),
        new Figures.Tokens(
            stages.tokens() / seconds,
            stages.tokensPerRow(),
            stages.rowsPerExecution(),
            stages.paddingRatio(),
            cutRows),
        new Figures.Stalls(stalls.count(), stalls.totalSeconds(), stalls.longestSeconds()),
        measurement.use(),
        new Figures.Cost(costPerMillion(rules.throughputAverage()), costPerMillion(rowsPerSecond)),
        utilisation(cell, stages, seconds));
  }

  /** The mean of the workers' means; the mean of all executions if none belongs to one worker. */
  private static double meanOfWorkers(
      Measurement measurement, ToDoubleFunction<Stages> figure, double ofAll) {
    return measurement.workers().stream()
        .map(Measurement.Work::stages)
        .mapToDouble(figure)
        .filter(mean -> !Double.isNaN(mean))
        .average()
        .orElse(ofAll);
  }

  private static Latency latency(List<Timers> timers, double[] sorted, double meanOfWorkerMeans) {
    return new Latency(
        percentile(sorted, 0),
        percentile(sorted, 50),
        percentile(sorted, 90),
        percentile(sorted, 95),
        percentile(sorted, 99),
        percentile(sorted, 100),
        meanOfWorkerMeans,
        Arrays.stream(sorted).average().orElse(Double.NaN),
        distribution(Timers.latencies(timers)));
  }

  private static Latency.Percentile percentile(double[] sorted, int percent) {
    return new Latency.Percentile(
        percent,
        NeuronPerfRules.percentile(sorted, percent),
        PercentileInterval.of(sorted, percent),
        Latency.isSupported(percent, sorted.length));
  }

  /** Points of the distribution, closer together near 100 %, up to the second to last call. */
  private static List<Latency.Point> distribution(Histogram histogram) {
    List<Latency.Point> points = new ArrayList<>();
    long calls = histogram.getTotalCount();
    double decades = Math.log10((double) Math.max(1, calls));
    int count = (int) Math.min(MOST_POINTS, Math.ceil(12 * decades));
    for (int i = 0; i <= count && calls > 0; i++) {
      double percent =
          ThreePlaces.round(100 * (1 - Math.pow(10, -decades * i / Math.max(1, count))));
      if (percent < 100) {
        points.add(
            new Latency.Point(percent, histogram.getValueAtPercentile(percent) / NANOS_PER_MILLI));
      }
    }
    return points;
  }

  private double costPerMillion(double rowsPerSecond) {
    return price == null ? Double.NaN : price.dollarsPerHour() * 1e6 / (3600 * rowsPerSecond);
  }

  private double utilisation(Cell cell, Stages stages, double seconds) {
    return chip == null || size == null
        ? Double.NaN
        : chip.utilisation(
            size.flops(stages.tokens(), stages.squaredTokens()) / seconds, cell.models());
  }
}
