package io.github.neuronembed.backend;

/**
 * The tokens of one row: of a text, whose tokens are all of type 0, or of a pair, whose second
 * side's are of type 1. Keeps the given array, which must not change afterwards.
 */
public final class TokenRow {

  private final int[] ids;
  private final int firstLength;

  private TokenRow(int[] ids, int firstLength) {
    this.ids = ids;
    this.firstLength = firstLength;
  }

  /**
   * A text.
   *
   * @param ids special tokens included; not copied
   */
  public static TokenRow of(int[] ids) {
    return new TokenRow(ids, ids.length);
  }

  /**
   * A pair.
   *
   * @param ids special tokens included; not copied
   * @param firstLength tokens of type 0, which come first
   * @throws IllegalArgumentException if there are fewer tokens than that
   */
  public static TokenRow ofPair(int[] ids, int firstLength) {
    if (firstLength < 0 || firstLength > ids.length) {
      throw new IllegalArgumentException(
          "%s of %s tokens cannot be of type 0.".formatted(firstLength, ids.length));
    }
    return new TokenRow(ids, firstLength);
  }

  /** The ids; not a copy. */
  public int[] ids() {
    return ids;
  }

  /** Tokens of type 0, which come first. */
  public int firstLength() {
    return firstLength;
  }

  /** Tokens. */
  public int length() {
    return ids.length;
  }
}
