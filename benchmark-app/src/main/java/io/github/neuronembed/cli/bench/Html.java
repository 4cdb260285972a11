package io.github.neuronembed.cli.bench;

import java.util.Locale;

/** Text and numbers as they stand in an HTML page. */
final class Html {

  private Html() {}

  static String text(String plain) {
    return plain
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Four digits are what a reader compares; more are in the CSV file. */
  static String number(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    int places = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + places + "f", value);
  }

  static String interval(Interval interval) {
    return interval.isKnown() ? number(interval.low()) + " to " + number(interval.high()) : "–";
  }
}
