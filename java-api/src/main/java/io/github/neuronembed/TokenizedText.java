package io.github.neuronembed;

/**
 * A text as the model reads it, and its original number of tokens. Immutable, except for the array,
 * which belongs to the caller.
 */
public final class TokenizedText {

  private final int[] ids;
  private final int tokenCount;

  /**
   * @param ids of the tokens that are embedded, special tokens included; not copied
   * @param tokenCount tokens before truncation
   */
  public TokenizedText(int[] ids, int tokenCount) {
    this.ids = ids;
    this.tokenCount = tokenCount;
  }

  /**
   * The ids of the tokens that are embedded, special tokens and the input type's prefix included.
   */
  public int[] ids() {
    return ids;
  }

  /**
   * The tokens of the whole text, special tokens and the input type's prefix included. For a
   * truncated text whose tokens were not all counted, one more than were kept.
   */
  public int tokenCount() {
    return tokenCount;
  }

  /** Whether the text has more tokens than are embedded. */
  public boolean isCut() {
    return tokenCount > ids.length;
  }
}
