package io.github.neuronembed.cli.advise;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/** Named mixes of text lengths, in tokens with special tokens, of which none is above 512. */
public enum Mix {
  /** Gamma of shape 4 and scale 3, 4 to 64 tokens. */
  QUERIES,
  /** Four {@link #QUERIES} to each of {@link #PASSAGES}. */
  SEARCH,
  /** Lognormal, median 150, sigma 0.6, 8 to 512 tokens. */
  PASSAGES,
  /** Uniform, 400 to 512 tokens. */
  LONG;

  private static final int LONGEST = 512;
  private static final int LONGEST_QUERY = 64;
  private static final int SAMPLE = 20_000;
  private static final double QUERY_PART = 0.8;

  /** Draws lengths; one seed gives one sequence. */
  public IntSupplier draws(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return switch (this) {
      case QUERIES -> () -> query(random);
      case SEARCH -> () -> random.nextDouble() < QUERY_PART ? query(random) : passage(random);
      case PASSAGES -> () -> passage(random);
      case LONG -> () -> 400 + random.nextInt(LONGEST - 400 + 1);
    };
  }

  /** Tokens that no text has more of. */
  public int longest() {
    return this == QUERIES ? LONGEST_QUERY : LONGEST;
  }

  /** How many of 20,000 texts have how many tokens. */
  public Map<Integer, Long> histogram() {
    IntSupplier draws = draws(0);
    Map<Integer, Long> texts = new TreeMap<>();
    for (int i = 0; i < SAMPLE; i++) {
      texts.merge(draws.getAsInt(), 1L, Long::sum);
    }
    return texts;
  }

  private static int query(SplittableRandom random) {
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum -= 3 * Math.log(1 - random.nextDouble());
    }
    return (int) Math.min(LONGEST_QUERY, Math.max(4, Math.rint(sum)));
  }

  private static int passage(SplittableRandom random) {
    double length = 150 * Math.exp(0.6 * random.nextGaussian());
    return (int) Math.min(LONGEST, Math.max(8, Math.rint(length)));
  }
}
