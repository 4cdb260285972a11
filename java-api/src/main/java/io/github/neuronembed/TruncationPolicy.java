package io.github.neuronembed;

/** What happens to a text with more tokens than the model takes. */
public enum TruncationPolicy {
  /**
   * Tokens past the limit are dropped, the special tokens kept: what the model's own reference
   * implementation does.
   */
  TRUNCATE,

  /** The text is refused with a {@link TextTooLongException}. */
  STRICT
}
