package io.github.neuronembed.cli.verify;

import io.github.neuronembed.golden.GoldenText;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The result of one text.
 *
 * @param text the text and, where there is a golden one, the tokens it has to come to
 * @param tokenIds what it came to; empty where there are no golden ones
 * @param cosine between its vector and the one it has to come to
 * @param length of its vector
 * @param expectedLength of the one it has to come to
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and never compared
record TextResult(
    GoldenText text, int[] tokenIds, double cosine, double length, double expectedLength) {

  /** The allowed deviation of a length from the expected one; bfloat16 causes up to 0.4 %. */
  private static final double LENGTH_TOLERANCE = 0.01;

  /** Whether it came to other tokens. */
  boolean hasOtherTokens() {
    return tokenIds.length > 0 && !Arrays.equals(tokenIds, text.tokenIds());
  }

  /** Whether its vector is longer or shorter than expected. */
  boolean hasOtherLength() {
    return Math.abs(length / expectedLength - 1) > LENGTH_TOLERANCE;
  }

  /** Whether its vector points elsewhere; so does one that is not made of numbers. */
  boolean hasOtherDirection(double threshold) {
    return !(cosine >= threshold);
  }

  /** How it failed, in words; empty if it did not. */
  Optional<String> failure(double threshold) {
    if (!Double.isFinite(length)) {
      return Optional.of("its vector is not made of numbers");
    }
    StringBuilder how = new StringBuilder();
    if (hasOtherTokens()) {
      how.append(
          tokenIds.length == text.tokenCount()
              ? ", other token ids"
              : ", %s tokens, golden %s".formatted(tokenIds.length, text.tokenCount()));
    }
    if (hasOtherDirection(threshold)) {
      how.append(String.format(Locale.ROOT, ", cosine %.7f", cosine));
    }
    if (hasOtherLength()) {
      how.append(String.format(Locale.ROOT, ", length %.4f, not %.4f", length, expectedLength));
    }
    return how.isEmpty() ? Optional.empty() : Optional.of(how.substring(2));
  }
}
