package io.github.neuronembed.cli.bench;

/**
 * A confidence interval of 95 %.
 *
 * @param low lower end; NaN if there are too few samples for one
 * @param high upper end; NaN if there are too few samples for one
 */
record Interval(double low, double high) {

  static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);
  static final double CONFIDENCE = 0.95;

  boolean isKnown() {
    return !Double.isNaN(low) && !Double.isNaN(high);
  }

  boolean contains(double value) {
    return low <= value && value <= high;
  }
}
