package io.github.neuronembed.cli.bench.result;

import java.time.LocalDate;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The price of the machine and its terms; without the terms a cost cannot be compared.
 *
 * @param dollarsPerHour of the whole machine
 * @param basis where the price is from, for the reports
 */
public record Price(double dollarsPerHour, String basis) {

  /**
   * On demand in us-east-1, as Karpenter's AWS provider listed them (its price table as generated
   * on 2026-07-20); the caller must give every other price.
   */
  private static final Map<String, Price> BUILT_IN =
      Map.of(
          "inf2.xlarge", onDemand("inf2.xlarge", 0.7582),
          "inf2.8xlarge", onDemand("inf2.8xlarge", 1.96786),
          "inf2.24xlarge", onDemand("inf2.24xlarge", 6.49063),
          "inf2.48xlarge", onDemand("inf2.48xlarge", 12.98127));

  private static Price onDemand(String instanceType, double dollarsPerHour) {
    return new Price(
        dollarsPerHour,
        instanceType + " on demand in us-east-1, as noted 2026-07-20; prices change");
  }

  /**
   * The price to use.
   *
   * @param instanceType the machine; null if it was not named
   * @param perHour the caller's own price, which has priority; null if there is none
   * @param today the date for the caller's own price
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
