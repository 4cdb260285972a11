package io.github.neuronembed;

import io.github.neuronembed.backend.TokenRow;

/**
 * A query and a text as a cross-encoder reads them.
 *
 * @param tokens that are computed, special tokens included
 * @param tokenCount tokens before any cut; of a pair that was cut, and whose tokens were not all to
 *     be counted, more than were kept
 */
public record TokenizedPair(TokenRow tokens, int tokenCount) {

  /** Whether a side lost its end. */
  public boolean isCut() {
    return tokenCount > tokens.length();
  }
}
