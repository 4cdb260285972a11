package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.UsageException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * From how many percent for the worse a change is a regression.
 *
 * @param percent for each metric that counts; the others are shown only
 */
record Thresholds(Map<Metric, Double> percent) {

  static Thresholds byDefault() {
    Map<Metric, Double> percent = new EnumMap<>(Metric.class);
    for (Metric metric : Metric.values()) {
      percent.put(metric, metric.defaultPercent());
    }
    return new Thresholds(percent);
  }

  /**
   * Reads a list, for example {@code throughput=3,p99=10}.
   *
   * @throws UsageException if it is not one
   */
  static Thresholds parse(String list) {
    Map<Metric, Double> percent = new EnumMap<>(Metric.class);
    for (String part : list.split(",", -1)) {
      String[] sides = part.strip().split("=", 2);
      try {
        double value = sides.length == 2 ? Double.parseDouble(sides[1]) : -1;
        if (value >= 0 && value < Double.POSITIVE_INFINITY) {
          percent.put(Metric.valueOf(sides[0].toUpperCase(Locale.ROOT)), value);
          continue;
        }
      } catch (IllegalArgumentException e) {
        // Said below.
      }
      throw new UsageException(
          "--fail-if takes percents such as throughput=5,p99=10 (of %s), not '%s'."
              .formatted(names(), part));
    }
    return new Thresholds(percent);
  }

  static String names() {
    return Arrays.stream(Metric.values())
        .map(metric -> metric.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  String describe() {
    return percent.entrySet().stream()
        .map(
            entry ->
                String.format(
                    Locale.ROOT,
                    "%s %.3g %%",
                    entry.getKey().name().toLowerCase(Locale.ROOT),
                    entry.getValue()))
        .collect(Collectors.joining(", "));
  }
}
