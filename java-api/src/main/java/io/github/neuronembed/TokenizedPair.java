package io.github.neuronembed;

import io.github.neuronembed.backend.TokenRow;

/**
 * A query and a text as a cross-encoder reads them.
 *
 * @param tokens the computed tokens, including special tokens
 * @param tokenCount tokens before truncation; for a truncated pair whose tokens were not all
 *     counted, a number greater than those kept
 */
public record TokenizedPair(TokenRow tokens, int tokenCount) {

  /** Whether a side was truncated. */
  public boolean isCut() {
    return tokenCount > tokens.length();
  }
}
