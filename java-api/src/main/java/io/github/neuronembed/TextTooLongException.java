package io.github.neuronembed;

/**
 * A text has more tokens than the model's limit, and {@link TruncationPolicy#STRICT} forbids
 * truncation.
 */
public final class TextTooLongException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final int index;
  private final int tokenCount;
  private final int limit;

  /**
   * @param index zero-based position of the text in the call
   * @param tokenCount the text's tokens, special tokens and the input type's prefix included
   * @param limit the most tokens the model takes, special tokens included
   */
  public TextTooLongException(int index, int tokenCount, int limit) {
    super(
        "Text %s has %s tokens, the model takes %s. Shorten it, or allow truncation."
            .formatted(index, tokenCount, limit));
    this.index = index;
    this.tokenCount = tokenCount;
    this.limit = limit;
  }

  /** Zero-based position of the text in the call. */
  public int index() {
    return index;
  }

  /** The text's tokens, special tokens and the input type's prefix included. */
  public int tokenCount() {
    return tokenCount;
  }

  /** The most tokens the model takes, special tokens included. */
  public int limit() {
    return limit;
  }
}
