package io.github.neuronembed.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * How the vectors of a text's tokens become one vector, as in sentence-transformers (release 5.4
 * and its development version of 2026-08-21, {@code Pooling}). The constants are in the order in
 * which its older releases concatenate several of them.
 *
 * <p>A text's tokens are those that are not padding, including special tokens; n is their number.
 */
public enum PoolingStrategy {
  /** The vector of the first token. */
  CLS("cls", "cls_token"),

  /** The largest value of each element. */
  MAX("max", "max_tokens"),

  /** The sum divided by n. */
  MEAN("mean", "mean_tokens"),

  /** The sum divided by the square root of n. */
  MEAN_SQRT_LEN_TOKENS("mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),

  /** The average, weighted by a token's position in the text, counted from 1. */
  WEIGHTED_MEAN("weightedmean", "weightedmean_tokens"),

  /** The vector of the last token, which is a special one. */
  LAST_TOKEN("lasttoken", "lasttoken");

  private final String key;
  private final String legacyKey;

  PoolingStrategy(String key, String legacyKey) {
    this.key = key;
    this.legacyKey = "pooling_mode_" + legacyKey;
  }

  /** Its name in configuration files and on command lines, for example {@code mean}. */
  public String key() {
    return key;
  }

  /** The boolean of a pooling configuration that selects it in releases before 5.4. */
  String legacyKey() {
    return legacyKey;
  }

  /** The strategy of a name; letter case does not count. */
  static Optional<PoolingStrategy> of(String key) {
    return Arrays.stream(values())
        .filter(strategy -> strategy.key.equals(key.toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  /** {@link #key()}. */
  @Override
  public String toString() {
    return key;
  }
}
