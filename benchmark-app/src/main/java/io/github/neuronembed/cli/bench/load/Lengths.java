package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.util.SplittableRandom;

/**
 * How many tokens rows have, special tokens included. What a draw has beyond the cell's sequence
 * length is cut off, as truncation does.
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
   * Reads what {@code --lengths} says.
   *
   * @throws UsageException if it is no distribution
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
      // Said below.
    }
    throw new UsageException(
        "--lengths is %s, for example lognormal:40,0.7, not '%s'.".formatted(SYNTAX, text));
  }

  /** Draws one. */
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
