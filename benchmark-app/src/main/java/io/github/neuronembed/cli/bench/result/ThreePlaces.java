package io.github.neuronembed.cli.bench.result;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Figures as files keep them: rounded to three places, as NeuronPerf does. */
public final class ThreePlaces {

  /** The text for a missing figure. */
  public static final String MISSING = "N/A";

  private ThreePlaces() {}

  /** As Python's {@code round} does it: half to even, of the exact binary value. */
  public static double round(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return value;
    }
    return new BigDecimal(value).setScale(3, RoundingMode.HALF_EVEN).doubleValue();
  }

  /** A rounded figure, or {@link #MISSING}. */
  public static String text(double value) {
    return Double.isNaN(value) || Double.isInfinite(value)
        ? MISSING
        : Double.toString(round(value));
  }
}
