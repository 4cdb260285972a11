package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;

/** What a change comes to. */
enum Verdict {
  /** Worse by more than the threshold, and the interval leaves no doubt that it is worse. */
  REGRESSION,
  /** Better by more than the threshold, and the interval leaves no doubt that it is better. */
  IMPROVEMENT,
  /** Within the threshold, or within what chance does. */
  SAME,
  /** Too few samples in one of the runs. */
  UNKNOWN;

  /**
   * Judges one metric of one cell.
   *
   * @param thresholdPercent the smallest change that counts
   */
  static Verdict of(Metric metric, Figures before, Figures after, double thresholdPercent) {
    Interval interval = metric.ratio(before, after);
    double worse = metric.worsePercent(metric.of(after) / metric.of(before));
    if (!interval.isKnown() || Double.isNaN(worse)) {
      return UNKNOWN;
    }
    if (interval.contains(1) || Math.abs(worse) <= thresholdPercent) {
      return SAME;
    }
    return worse > 0 ? REGRESSION : IMPROVEMENT;
  }
}
