package io.github.neuronembed.golden;

import io.github.neuronembed.InputType;

/**
 * A text and the vector it has to come to. The arrays are shared; callers do not write to them.
 *
 * @param id short name
 * @param type query or passage
 * @param text the text, without any prefix
 * @param tokenCount tokens after truncation, special tokens and prefix included
 * @param truncated whether tokens were dropped
 * @param tokenIds the tokens' ids
 * @param vector the vector
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and never compared
public record GoldenText(
    String id,
    InputType type,
    String text,
    int tokenCount,
    boolean truncated,
    int[] tokenIds,
    float[] vector) {

  /** Names it without its text. */
  @Override
  public String toString() {
    return id;
  }
}
