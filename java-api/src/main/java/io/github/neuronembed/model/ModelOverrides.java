package io.github.neuronembed.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is told about a model explicitly, in place of what its directory says or where it says
 * nothing. Null means not told: the directory decides. Immutable.
 *
 * @param pooling how token vectors become the text's vector
 * @param normalize whether a vector is scaled to length 1 (L2)
 * @param queryPrefix what is put before a query, a trailing space included; empty for nothing
 * @param passagePrefix what is put before a passage; empty for nothing. Where neither this nor the
 *     directory tells it, but {@code queryPrefix} is told, a passage gets nothing
 * @param maxTokens the most tokens of a text, special tokens included; no more than the model has
 *     positions
 * @param name the model's name
 */
public record ModelOverrides(
    @Nullable PoolingStrategy pooling,
    @Nullable Boolean normalize,
    @Nullable String queryPrefix,
    @Nullable String passagePrefix,
    @Nullable Integer maxTokens,
    @Nullable String name) {

  /** Nothing is told. */
  public static final ModelOverrides NONE = new ModelOverrides(null, null, null, null, null, null);

  /**
   * @throws IllegalArgumentException if {@code maxTokens} is not positive, or {@code name} is blank
   */
  public ModelOverrides {
    if (maxTokens != null && maxTokens < 1) {
      throw new IllegalArgumentException(
          "The most tokens of a text must be positive, not %d.".formatted(maxTokens));
    }
    if (name != null && name.isBlank()) {
      throw new IllegalArgumentException("A model's name must not be blank.");
    }
  }

  /** These, and how token vectors become the text's vector. */
  public ModelOverrides withPooling(PoolingStrategy strategy) {
    return new ModelOverrides(
        Objects.requireNonNull(strategy, "strategy"),
        normalize,
        queryPrefix,
        passagePrefix,
        maxTokens,
        name);
  }

  /** These, and whether a vector is scaled to length 1 (L2). */
  public ModelOverrides withNormalize(boolean value) {
    return new ModelOverrides(pooling, value, queryPrefix, passagePrefix, maxTokens, name);
  }

  /** These, and what is put before a query; empty for nothing. */
  public ModelOverrides withQueryPrefix(String prefix) {
    return new ModelOverrides(
        pooling,
        normalize,
        Objects.requireNonNull(prefix, "prefix"),
        passagePrefix,
        maxTokens,
        name);
  }

  /** These, and what is put before a passage; empty for nothing. */
  public ModelOverrides withPassagePrefix(String prefix) {
    return new ModelOverrides(
        pooling, normalize, queryPrefix, Objects.requireNonNull(prefix, "prefix"), maxTokens, name);
  }

  /**
   * These, and the most tokens of a text, special tokens included.
   *
   * @throws IllegalArgumentException if {@code tokens} is not positive
   */
  public ModelOverrides withMaxTokens(int tokens) {
    return new ModelOverrides(pooling, normalize, queryPrefix, passagePrefix, tokens, name);
  }

  /**
   * These, and the model's name.
   *
   * @throws IllegalArgumentException if {@code value} is blank
   */
  public ModelOverrides withName(String value) {
    return new ModelOverrides(
        pooling,
        normalize,
        queryPrefix,
        passagePrefix,
        maxTokens,
        Objects.requireNonNull(value, "value"));
  }
}
