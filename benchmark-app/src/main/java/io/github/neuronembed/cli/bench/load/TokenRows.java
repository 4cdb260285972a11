package io.github.neuronembed.cli.bench.load;

import java.util.SplittableRandom;

/** Rows of random tokens, made beforehand, so that nothing but the model is measured. */
public final class TokenRows implements Inputs {

  /** Ids from here on are words in BERT's vocabularies; those before are special or unused. */
  private static final int FIRST_TOKEN_ID = 1000;

  /** Enough for a distribution of lengths to show. */
  private static final int ROWS = 1024;

  private static final int MOST_TOKENS = 1 << 20;
  private static final int LEAST_ROWS = 64;

  private final int[][] rows;
  private final Lengths lengths;

  /**
   * The same rows for the same arguments.
   *
   * @param sequenceLength no row is longer
   * @param vocabularySize ids are below this
   */
  public TokenRows(Lengths lengths, int sequenceLength, int vocabularySize, long seed) {
    this.lengths = lengths;
    SplittableRandom random = new SplittableRandom(seed);
    int count = Math.max(LEAST_ROWS, Math.min(ROWS, MOST_TOKENS / sequenceLength));
    int first = Math.min(FIRST_TOKEN_ID, vocabularySize - 1);
    this.rows = new int[count][];
    for (int i = 0; i < count; i++) {
      int length = lengths.draw(random, sequenceLength);
      rows[i] = random.ints(length, first, vocabularySize).toArray();
    }
  }

  @Override
  public int rows(long call, int batchSize) {
    return batchSize;
  }

  @Override
  public int[] row(long row) {
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
    return "random tokens, lengths " + lengths.description();
  }
}
