package io.github.neuronembed.cli.bench.result;

/**
 * A confidence interval of 95 %.
 *
 * @param low lower end; NaN if there are too few samples for one
 * @param high upper end; NaN if there are too few samples for one
 */
public record Interval(double low, double high) {

  public static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

  public static final double CONFIDENCE = 0.95;

  public boolean isKnown() {
    return !Double.isNaN(low) && !Double.isNaN(high);
  }

  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  public double width() {
    return high - low;
  }

  /** Both ends divided by a number. */
  public Interval dividedBy(double divisor) {
    return new Interval(low / divisor, high / divisor);
  }
}
