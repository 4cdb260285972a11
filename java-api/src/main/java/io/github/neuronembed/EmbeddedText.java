package io.github.neuronembed;

/**
 * A text's vector, and how much of the text it stands for. Immutable, but for the array, which
 * belongs to whoever asked for it.
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

  /** The tokens that the vector was computed from: as many, or what was left by the cut. */
  public int embeddedTokenCount() {
    return embeddedTokenCount;
  }

  /** Whether the vector lacks the end of the text. */
  public boolean isCut() {
    return tokenCount > embeddedTokenCount;
  }
}
