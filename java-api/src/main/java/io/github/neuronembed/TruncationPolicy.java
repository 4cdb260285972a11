package io.github.neuronembed;

/** The policy for a text with more tokens than the model's limit. */
public enum TruncationPolicy {
  /**
   * Drops the tokens beyond the limit on the side that the model states ({@code truncation_side})
   * and keeps the special tokens, as the model's reference implementation does.
   */
  TRUNCATE,

  /** As {@link #TRUNCATE}, but drops the first tokens, including those of a prefix. */
  TRUNCATE_LEFT,

  /** As {@link #TRUNCATE}, but drops the last tokens. */
  TRUNCATE_RIGHT,

  /** Rejects the text with a {@link TextTooLongException}. */
  STRICT
}
