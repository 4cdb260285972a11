package io.github.neuronembed.backend;

/**
 * The (batch size, sequence length) of a compiled model: exact for a NEFF, a bound for ONNX
 * Runtime.
 *
 * @param batchSize rows of one execution
 * @param sequenceLength tokens of a row, special tokens and padding included
 */
public record Shape(int batchSize, int sequenceLength) {

  /**
   * @throws IllegalArgumentException if a dimension is not positive
   */
  public Shape {
    if (batchSize < 1 || sequenceLength < 1) {
      throw new IllegalArgumentException(
          "A shape needs a positive batch size and sequence length, not %d×%d."
              .formatted(batchSize, sequenceLength));
    }
  }

  /** Tokens of one full execution, padding included. */
  public int tokens() {
    return batchSize * sequenceLength;
  }

  /** For example {@code 32×256}. */
  @Override
  public String toString() {
    return batchSize + "×" + sequenceLength;
  }
}
