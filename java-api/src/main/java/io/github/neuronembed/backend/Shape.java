package io.github.neuronembed.backend;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of one execution of a compiled model: exact for a NEFF, an upper bound for ONNX Runtime.
 * A plain shape has one text per row; a packed one has up to {@code textsPerRow} texts end to end
 * in a row. Ordered by length, then batch, then texts per row.
 *
 * @param batchSize rows of one execution
 * @param sequenceLength tokens of a row, special tokens and padding included
 * @param textsPerRow the maximum number of texts per row; 1 in a plain shape
 */
public record Shape(int batchSize, int sequenceLength, int textsPerRow)
    implements Comparable<Shape> {

  private static final Comparator<Shape> ORDER =
      Comparator.comparingInt(Shape::sequenceLength)
          .thenComparingInt(Shape::batchSize)
          .thenComparingInt(Shape::textsPerRow);

  private static final Pattern TEXT =
      Pattern.compile("([1-9]\\d{0,4})[x×]([1-9]\\d{0,4})(?:p([1-9]\\d{0,4}))?");

  /**
   * @throws IllegalArgumentException if a number is not positive, a row has more texts than tokens,
   *     or there are more than 2^31 - 1 tokens
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
    if (textsPerRow < 1 || textsPerRow > sequenceLength) {
      throw new IllegalArgumentException(
          "A row of %s tokens takes 1 to %s texts, not %s."
              .formatted(sequenceLength, sequenceLength, textsPerRow));
    }
  }

  /** A plain shape: one text per row. */
  public Shape(int batchSize, int sequenceLength) {
    this(batchSize, sequenceLength, 1);
  }

  /**
   * Reads {@code 32x256}, or {@code 1x512p64} for a packed shape of up to 64 texts per row.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static Shape parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "A shape is batch x length, such as 4x128, or 1x512p64 with up to 64 texts a row, not"
              + " '%s'.".formatted(text));
    }
    String texts = matcher.group(3);
    if ("1".equals(texts)) {
      throw new IllegalArgumentException(
          "A packed shape has at least 2 texts a row, not '%s'.".formatted(text));
    }
    return new Shape(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        texts == null ? 1 : Integer.parseInt(texts));
  }

  /** Whether a row takes several texts. */
  public boolean isPacked() {
    return textsPerRow > 1;
  }

  /** Tokens of one full execution, padding included. */
  public int tokens() {
    return batchSize * sequenceLength;
  }

  /** The maximum number of texts of one execution. */
  public int texts() {
    return batchSize * textsPerRow;
  }

  @Override
  public int compareTo(Shape other) {
    return ORDER.compare(this, other);
  }

  /** For a command line or a file's name, as {@link #parse} reads it: {@code 1x512p64}. */
  public String argument() {
    return text("x");
  }

  private String text(String by) {
    return batchSize + by + sequenceLength + (isPacked() ? "p" + textsPerRow : "");
  }

  /** For example {@code 32×256}, or {@code 1×512p64}. */
  @Override
  public String toString() {
    return text("×");
  }
}
