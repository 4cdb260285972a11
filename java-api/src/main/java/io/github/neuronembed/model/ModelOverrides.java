package io.github.neuronembed.model;

import org.jspecify.annotations.Nullable;

/**
 * What the caller tells about a model whose directory does not say it, or says it wrongly. Null
 * means: as the directory says.
 *
 * @param pooling how token vectors become the text's vector
 * @param normalize whether vectors are scaled to length 1
 * @param queryPrefix put before a query, empty for none
 * @param passagePrefix put before a passage, empty for none
 * @param maxTokens the most tokens of a text, special tokens included
 */
public record ModelOverrides(
    @Nullable PoolingStrategy pooling,
    @Nullable Boolean normalize,
    @Nullable String queryPrefix,
    @Nullable String passagePrefix,
    @Nullable Integer maxTokens) {

  /** Everything as the directory says. */
  public static final ModelOverrides NONE = new ModelOverrides(null, null, null, null, null);

  /**
   * @throws IllegalArgumentException if the limit leaves no room for a token
   */
  public ModelOverrides {
    if (maxTokens != null && maxTokens < 3) {
      throw new IllegalArgumentException(
          "A limit of %d tokens leaves no room between the special tokens.".formatted(maxTokens));
    }
  }

  public ModelOverrides withPooling(PoolingStrategy strategy) {
    return new ModelOverrides(strategy, normalize, queryPrefix, passagePrefix, maxTokens);
  }

  public ModelOverrides withNormalize(boolean toUnitLength) {
    return new ModelOverrides(pooling, toUnitLength, queryPrefix, passagePrefix, maxTokens);
  }

  /** Says what comes before a query and before a passage; empty for nothing. */
  public ModelOverrides withPrefixes(String query, String passage) {
    return new ModelOverrides(pooling, normalize, query, passage, maxTokens);
  }

  public ModelOverrides withMaxTokens(int limit) {
    return new ModelOverrides(pooling, normalize, queryPrefix, passagePrefix, limit);
  }
}
