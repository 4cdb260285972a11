package io.github.neuronembed.backend;

import java.util.Comparator;

/**
 * The (batch size, sequence length) of a compiled model: exact for a NEFF, a bound for ONNX
 * Runtime. Ordered by length, then batch.
 *
 * @param batchSize rows of one execution
 * @param sequenceLength tokens of a row, special tokens and padding included
 */
public record Shape(int batchSize, int sequenceLength) implements Comparable<Shape> {

  private static final Comparator<Shape> ORDER =
      Comparator.comparingInt(Shape::sequenceLength).thenComparingInt(Shape::batchSize);

  /**
   * @throws IllegalArgumentException if a dimension is not positive, or there are more than 2^31 -
   *     1 tokens
   */
  public Shape {
    if (batchSize < 1 || sequenceLength < 1) {
      throw new IllegalArgumentException(
          "A shape needs a positive batch size and sequence length, not %s×%s."
              .formatted(batchSize, sequenceLength));
    }
    if ((long) batchSize * sequenceLength > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "A shape of %s×%s has more tokens than can be counted."
              .formatted(batchSize, sequenceLength));
    }
  }

  /** Tokens of one full execution, padding included. */
  public int tokens() {
    return batchSize * sequenceLength;
  }

  @Override
  public int compareTo(Shape other) {
    return ORDER.compare(this, other);
  }

  /** For example {@code 32×256}. */
  @Override
  public String toString() {
    return batchSize + "×" + sequenceLength;
  }
}
