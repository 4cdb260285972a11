package io.github.neuronembed;

/**
 * A text's vector, and how much of the text it represents. Immutable, except for the array, which
 * belongs to the caller.
 */
public final class EmbeddedText {

  private final float[] vector;
  private final int tokenCount;
  private final int embeddedTokenCount;

  EmbeddedText(float[] vector, int tokenCount, int embeddedTokenCount) {
    this.vector = vector;
    this.tokenCount = tokenCount;
    this.embeddedTokenCount = embeddedTokenCount;
  }

  /** The vector, of {@link TextEmbedder#dimension()} elements. */
  public float[] vector() {
    return vector;
  }

  /** The tokens of the whole text, special tokens and the input type's prefix included. */
  public int tokenCount() {
    return tokenCount;
  }

  /**
   * The number of tokens that the vector was computed from: all of them, or those left after
   * truncation.
   */
  public int embeddedTokenCount() {
    return embeddedTokenCount;
  }

  /** Whether the text was truncated. */
  public boolean isCut() {
    return tokenCount > embeddedTokenCount;
  }
}
