package io.github.neuronembed.cli.bench.result;

import java.time.LocalDate;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the machine costs, and on which terms: a cost without them cannot be compared.
 *
 * @param dollarsPerHour of the whole machine
 * @param basis where the price is from, for people
 */
public record Price(double dollarsPerHour, String basis) {

  /** Only what a source at hand states; every other price is the caller's to give. */
  private static final Map<String, Price> BUILT_IN =
      Map.of(
          "inf2.xlarge",
          new Price(0.7582, "inf2.xlarge on demand, about, as noted 2026-11; prices change"));

  /**
   * The price to count with.
   *
   * @param instanceType the machine; null if it was not named
   * @param perHour the caller's own price, which wins; null if there is none
   * @param today when it is given
   * @return null if there is no price
   */
  public static @Nullable Price of(
      @Nullable String instanceType, @Nullable Double perHour, LocalDate today) {
    if (perHour != null) {
      return new Price(perHour, "given by --cost-per-hour on " + today);
    }
    return instanceType == null ? null : BUILT_IN.get(instanceType);
  }
}
