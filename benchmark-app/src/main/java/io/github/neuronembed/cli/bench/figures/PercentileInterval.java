package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;

/**
 * The interval of a percentile, read off the sorted durations themselves: how many of them lie
 * below the true percentile is binomially distributed, whatever the durations' own distribution
 * (normal approximation, as there are hundreds of them wherever the percentile is supported).
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
