package io.github.neuronembed;

/**
 * A text as the model reads it, and how long it was. Immutable, but for the array, which belongs to
 * whoever asked for it.
 */
public final class TokenizedText {

  private final int[] ids;
  private final int tokenCount;

  /**
   * @param ids of the tokens that are embedded, special tokens included; not copied
   * @param tokenCount tokens before any cut
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
   * The tokens of the whole text, special tokens and the input type's prefix included. Of a text
   * that was cut, and whose tokens were not all to be counted, one more than were kept.
   */
  public int tokenCount() {
    return tokenCount;
  }

  /** Whether the text has more tokens than are embedded. */
  public boolean isCut() {
    return tokenCount > ids.length;
  }
}
