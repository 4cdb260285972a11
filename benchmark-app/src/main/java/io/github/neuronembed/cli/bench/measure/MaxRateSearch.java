package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.result.RateStep;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the highest rate whose p99 stays under a bound: doubles or halves the rate until it is
 * between one that does and one that does not, and then halves the distance. Not thread-safe.
 */
public final class MaxRateSearch {

  /** The rates that bracket the answer differ by no more than this at the end. */
  public static final double PRECISION = 0.03;

  public static final int MOST_STEPS = 20;

  /** If this part of the first rate does not meet the bound, less will not either. */
  private static final double HOPELESS = 128;

  /** Tries a rate. */
  @FunctionalInterface
  public interface Trial {

    /**
     * Measures at a rate.
     *
     * @return null if it was ended from outside
     */
    @Nullable Outcome at(double rowsPerSecond) throws InterruptedException;
  }

  /**
   * What came of a rate.
   *
   * @param measurement the calls; null if they could not be served at all
   * @param step the figures
   */
  public record Outcome(@Nullable Measurement measurement, RateStep step) {}

  /**
   * The answer.
   *
   * @param best what was measured at the highest rate that met the bound; null if none did
   * @param steps all that was tried, in its order
   */
  public record Found(@Nullable Outcome best, List<RateStep> steps) {}

  private MaxRateSearch() {}

  /**
   * Searches.
   *
   * @param firstRate rows per second; where to begin, for example what is served without pause
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
