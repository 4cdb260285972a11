package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.backend.TokenRow;
import java.util.SplittableRandom;

/** Rows of random tokens, made before the measurement, so that only the model is measured. */
public final class TokenRows implements Inputs {

  /** Ids from here on are words in BERT's vocabularies; those before are special or unused. */
  private static final int FIRST_TOKEN_ID = 1000;

  /** Enough for a distribution of lengths to show. */
  private static final int ROWS = 1024;

  private static final int MOST_TOKENS = 1 << 20;
  private static final int LEAST_ROWS = 64;

  /** The most tokens of the first side of a pair: the length of a query. */
  private static final int QUERY_TOKENS = 16;

  private final TokenRow[] rows;
  private final Lengths lengths;
  private final boolean pairs;

  /**
   * The same rows for the same arguments.
   *
   * @param sequenceLength no row is longer
   * @param vocabularySize ids are below this
   * @param pairs whether rows are pairs
   */
  public TokenRows(
      Lengths lengths, int sequenceLength, int vocabularySize, boolean pairs, long seed) {
    this.lengths = lengths;
    this.pairs = pairs;
    SplittableRandom random = new SplittableRandom(seed);
    int count = Math.max(LEAST_ROWS, Math.min(ROWS, MOST_TOKENS / sequenceLength));
    int first = Math.min(FIRST_TOKEN_ID, vocabularySize - 1);
    this.rows = new TokenRow[count];
    for (int i = 0; i < count; i++) {
      int length = lengths.draw(random, sequenceLength);
      int[] ids = random.ints(length, first, vocabularySize).toArray();
      rows[i] = pairs ? TokenRow.ofPair(ids, Math.min(QUERY_TOKENS, length / 2)) : TokenRow.of(ids);
    }
  }

  @Override
  public int rows(long call, int batchSize) {
    return batchSize;
  }

  @Override
  public TokenRow row(long row) {
    return rows[(int) (row % rows.length)];
  }

  @Override
  public boolean tokenizes() {
    return false;
  }

  @Override
  public long cutRows() {
    return 0;
  }

  @Override
  public String description() {
    return (pairs ? "pairs of random tokens" : "random tokens")
        + ", lengths "
        + lengths.description();
  }
}
