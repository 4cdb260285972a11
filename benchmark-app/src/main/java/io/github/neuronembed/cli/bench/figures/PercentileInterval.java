package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;

/**
 * The confidence interval of a percentile, taken from the sorted durations themselves. The number
 * of durations below the true percentile has a binomial distribution, whatever the distribution of
 * the durations. The code uses the normal approximation, since a supported percentile has hundreds
 * of durations.
 */
public final class PercentileInterval {

  /** Of the normal distribution, for {@link Interval#CONFIDENCE}. */
  private static final double QUANTILE = 1.959964;

  private PercentileInterval() {}

  /**
   * The interval of a percentile.
   *
   * @param sorted ascending
   * @return unknown if the durations are too few for the percentile
   */
  public static Interval of(double[] sorted, int percent) {
    int size = sorted.length;
    if (!Latency.isSupported(percent, size)) {
      return Interval.UNKNOWN;
    }
    double share = percent / 100.0;
    double reach = QUANTILE * Math.sqrt(size * share * (1 - share));
    int low = (int) Math.floor(size * share - reach) - 1;
    int high = (int) Math.ceil(size * share + reach);
    if (low < 0 || high >= size) {
      return Interval.UNKNOWN;
    }
    return new Interval(sorted[low], sorted[high]);
  }
}
