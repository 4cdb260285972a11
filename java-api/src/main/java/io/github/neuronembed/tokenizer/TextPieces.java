package io.github.neuronembed.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Cuts a text into pieces whose concatenated tokens are the tokens of the whole text. A long text
 * then need not be tokenized beyond the model's limit, nor at once: the tokenizer's time and memory
 * grow faster than the text (10 MB: 20 to 120 seconds, 1.5 to 6.5 GB). The class of each kind of
 * tokenizer explains why this is correct.
 *
 * <p>Immutable and thread-safe.
 */
interface TextPieces {

  /** The pieces of one text. */
  Iterator of(String text);

  /** Walks through one text. */
  interface Iterator {
    /** The next piece; null after the last. An empty text has none. */
    @Nullable String next();
  }
}
