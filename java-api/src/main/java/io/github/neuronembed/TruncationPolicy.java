package io.github.neuronembed;

/** What happens to a text with more tokens than the model takes. */
public enum TruncationPolicy {
  /**
   * Tokens past the limit are dropped, the special tokens kept, on the side that the model states
   * ({@code truncation_side}): what the model's own reference implementation does.
   */
  TRUNCATE,

  /** As {@link #TRUNCATE}, but the first tokens are dropped, those of a prefix included. */
  TRUNCATE_LEFT,

  /** As {@link #TRUNCATE}, but the last tokens are dropped. */
  TRUNCATE_RIGHT,

  /** The text is refused with a {@link TextTooLongException}. */
  STRICT
}
