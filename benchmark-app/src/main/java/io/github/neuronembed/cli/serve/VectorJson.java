package io.github.neuronembed.cli.serve;

/** Vectors as JSON lists; the numbers read back as the same floats. */
final class VectorJson {

  private static final int MOST_RESERVED = 1 << 24;
  private static final int CHARACTERS_A_NUMBER = 13;

  private VectorJson() {}

  /** A builder with room for about so many numbers. */
  static StringBuilder builderFor(int vectors, int dimension) {
    long characters = 128 + (long) vectors * (64 + (long) dimension * CHARACTERS_A_NUMBER);
    return new StringBuilder((int) Math.min(characters, MOST_RESERVED));
  }

  /**
   * Appends a list of numbers.
   *
   * @throws IllegalStateException if one of them is none, for which JSON has no words
   */
  static void append(float[] vector, StringBuilder out) {
    out.append('[');
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalStateException(
            "The model gave a vector with an element that is not a number: its files or the device"
                + " are damaged.");
      }
      if (i > 0) {
        out.append(',');
      }
      out.append(vector[i]);
    }
    out.append(']');
  }
}
