package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.util.SplittableRandom;

/**
 * How many tokens rows have, special tokens included. A drawn length is at most the cell's sequence
 * length, as after truncation.
 *
 * @param kind which distribution
 * @param first lowest length, or median
 * @param second highest length, or standard deviation of the logarithm
 */
public record Lengths(Kind kind, double first, double second) {

  public enum Kind {
    FULL,
    UNIFORM,
    LOGNORMAL
  }

  /** Every row as long as the cell allows. */
  public static final Lengths FULL = new Lengths(Kind.FULL, Double.NaN, Double.NaN);

  /** A text of one token between the two special ones. */
  private static final int SHORTEST = 3;

  public static final String SYNTAX = "full|uniform:LOW,HIGH|lognormal:MEDIAN,SIGMA";

  /**
   * Reads the value of {@code --lengths}.
   *
   * @throws UsageException if it is not a distribution
   */
  public static Lengths parse(String text) {
    if (text.equals("full")) {
      return FULL;
    }
    String[] parts = text.split("[:,]", -1);
    try {
      if (parts.length == 3) {
        double first = Double.parseDouble(parts[1]);
        double second = Double.parseDouble(parts[2]);
        if (parts[0].equals("uniform") && first >= 1 && first <= second && second <= 1e6) {
          return new Lengths(Kind.UNIFORM, Math.rint(first), Math.rint(second));
        }
        if (parts[0].equals("lognormal")
            && first >= 1
            && first <= 1e6
            && second > 0
            && second < 10) {
          return new Lengths(Kind.LOGNORMAL, first, second);
        }
      }
    } catch (NumberFormatException e) {
      // The message is below.
    }
    throw new UsageException(
        "--lengths is %s, for example lognormal:40,0.7, not '%s'.".formatted(SYNTAX, text));
  }

  /** Draws a length. */
  public int draw(SplittableRandom random, int longest) {
    double length =
        switch (kind) {
          case FULL -> longest;
          case UNIFORM -> first + random.nextInt((int) (second - first) + 1);
          case LOGNORMAL -> first * Math.exp(second * random.nextGaussian());
        };
    return (int) Math.min(longest, Math.max(Math.rint(length), SHORTEST));
  }

  public String description() {
    return switch (kind) {
      case FULL -> "full";
      case UNIFORM -> "uniform %s to %s".formatted((int) first, (int) second);
      case LOGNORMAL ->
          "lognormal, median %s, sigma %s"
              .formatted(ThreePlaces.text(first), ThreePlaces.text(second));
    };
  }
}
