package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Quality;
import java.util.Locale;

/** Numbers as people read them: about four digits, thousands separated, millions as a word. */
public final class Digits {

  /** The sign for a missing figure. */
  public static final String MISSING = "–";

  private Digits() {}

  /** Four digits are enough for a reader to compare; the CSV file has more. */
  public static String number(double value) {
    double size = Math.abs(value);
    if (!Double.isFinite(value)) {
      return MISSING;
    }
    if (size >= 999_950) {
      boolean billions = size >= 999_950_000;
      return String.format(
          Locale.ROOT, "%.4g %s", value / (billions ? 1e9 : 1e6), billions ? "billion" : "million");
    }
    int places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    return String.format(Locale.ROOT, "%,." + places + "f", value);
  }

  /** A count, exact below a million. */
  public static String count(long value) {
    return value < 1_000_000 ? String.format(Locale.ROOT, "%,d", value) : number((double) value);
  }

  /** Both ends of an interval. */
  public static String interval(Interval interval) {
    return interval.isKnown() ? number(interval.low()) + " to " + number(interval.high()) : MISSING;
  }

  /** A part of a whole, 0 to 1, in percent without the sign. */
  public static String percent(double part) {
    return Double.isFinite(part) ? String.format(Locale.ROOT, "%.1f", 100 * part) : MISSING;
  }

  /** Six decimal places, since the distance of a cosine from 1 matters. */
  static String cosine(Quality quality) {
    return quality.skipped() == null
        ? String.format(Locale.ROOT, "%.6f", quality.leastCosine())
        : MISSING;
  }
}
