package io.github.neuronembed.cli.compare;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.neuronembed.cli.bench.Bootstrap;
import io.github.neuronembed.cli.bench.Interval;
import java.util.stream.StreamSupport;

/** What is compared of a cell. */
enum Metric {
  THROUGHPUT("throughput_with_stalls", "rows/s", 5) {
    @Override
    Interval ratio(JsonObject before, JsonObject after) {
      // A run that is too short for an interval of its own is too short for one of the ratio.
      return before.has("throughput_with_stalls_low") && after.has("throughput_with_stalls_low")
          ? Bootstrap.ratioOfMeans(windows(before), windows(after))
          : Interval.UNKNOWN;
    }
  },
  P50("latency_ms_p50", "p50 ms", 5),
  P99("latency_ms_p99", "p99 ms", 10);

  private final String key;
  private final String title;
  private final double defaultPercent;

  Metric(String key, String title, double defaultPercent) {
    this.key = key;
    this.title = title;
    this.defaultPercent = defaultPercent;
  }

  String title() {
    return title;
  }

  /** A change for the worse of so many percent counts, unless another is asked for. */
  double defaultPercent() {
    return defaultPercent;
  }

  /** The figure of a cell; NaN if it has none. */
  double of(JsonObject cell) {
    return number(cell, key);
  }

  /** How many percent the second is worse than the first; negative if it is better. */
  double worsePercent(double ratio) {
    return 100 * (this == THROUGHPUT ? 1 - ratio : ratio - 1);
  }

  /**
   * Where the ratio of the second to the first surely is. For a percentile: from the ends of both
   * intervals, which errs towards "no change".
   */
  Interval ratio(JsonObject before, JsonObject after) {
    double low = number(after, key + "_low") / number(before, key + "_high");
    double high = number(after, key + "_high") / number(before, key + "_low");
    Interval ratio = new Interval(low, high);
    return ratio.isKnown() ? ratio : Interval.UNKNOWN;
  }

  private static double number(JsonObject cell, String key) {
    JsonElement element = cell.get(key);
    return element == null ? Double.NaN : element.getAsDouble();
  }

  private static double[] windows(JsonObject cell) {
    JsonElement windows = cell.get("throughput_windows");
    return windows == null
        ? new double[0]
        : StreamSupport.stream(windows.getAsJsonArray().spliterator(), false)
            .mapToDouble(JsonElement::getAsDouble)
            .toArray();
  }
}
