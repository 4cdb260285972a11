package io.github.neuronembed.measurements;

import java.util.Random;

/** Random token ids with the lengths of a search service: many short queries, some passages. */
final class SearchTexts {

  private static final double QUERIES = 0.8;
  private static final int MAX_TOKENS = 512;

  /** Token ids are below this. */
  static final int VOCABULARY = 30_522;

  private SearchTexts() {}

  /**
   * The next text. Lengths are log-normal: about 9 tokens for queries, 110 for passages; max. 512.
   */
  static int[] next(Random random) {
    boolean query = random.nextDouble() < QUERIES;
    double length =
        query
            ? Math.exp(2.2 + 0.45 * random.nextGaussian())
            : Math.exp(4.7 + 0.6 * random.nextGaussian());
    return ofLength(random, Math.max(3, Math.min(MAX_TOKENS, (int) length)));
  }

  /** Random ids. */
  static int[] ofLength(Random random, int length) {
    return random.ints(length, 1, VOCABULARY).toArray();
  }
}
