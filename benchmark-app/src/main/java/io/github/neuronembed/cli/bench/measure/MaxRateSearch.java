package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.result.RateStep;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the highest rate whose p99 stays under a bound: it doubles or halves the rate until it has
 * one rate that meets the bound and one that does not. Then it repeatedly halves the distance
 * between them. Not thread-safe.
 */
public final class MaxRateSearch {

  /** At the end, the two rates around the result differ by at most this part. */
  public static final double PRECISION = 0.03;

  public static final int MOST_STEPS = 20;

  /**
   * If the first rate divided by this does not meet the bound, the search ends without a result.
   */
  private static final double HOPELESS = 128;

  /** Tries a rate. */
  @FunctionalInterface
  public interface Trial {

    /**
     * Measures at a rate.
     *
     * @return null if it was stopped
     */
    @Nullable Outcome at(double rowsPerSecond) throws InterruptedException;
  }

  /**
   * The outcome of a rate.
   *
   * @param measurement the calls; null if they could not be served at all
   * @param step the figures
   */
  public record Outcome(@Nullable Measurement measurement, RateStep step) {}

  /**
   * The result of a search.
   *
   * @param best the outcome of the highest rate that met the bound; null if none did
   * @param steps all rates that were tried, in order
   */
  public record Found(@Nullable Outcome best, List<RateStep> steps) {}

  private MaxRateSearch() {}

  /**
   * Searches.
   *
   * @param firstRate rows per second to begin with, for example the rate of a closed loop
   */
  public static Found search(double firstRate, Trial trial) throws InterruptedException {
    List<RateStep> steps = new ArrayList<>();
    Outcome best = null;
    double low = 0;
    double high = Double.POSITIVE_INFINITY;
    double rate = firstRate;
    while (steps.size() < MOST_STEPS
        && rate * HOPELESS >= firstRate
        && (Double.isInfinite(high) || high - low > PRECISION * high)) {
      Outcome outcome = trial.at(rate);
      if (outcome == null) {
        break;
      }
      steps.add(outcome.step());
      if (outcome.step().met()) {
        low = rate;
        best = outcome;
      } else {
        high = rate;
      }
      rate = Double.isInfinite(high) ? 2 * rate : low == 0 ? rate / 2 : (low + high) / 2;
    }
    return new Found(best, List.copyOf(steps));
  }
}
