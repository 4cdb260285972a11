package io.github.neuronembed.model;

import java.util.List;
import java.util.stream.Collectors;

/**
 * How a model computes a text's vector from its tokens' vectors. Immutable.
 *
 * @param strategies one, or several whose vectors are concatenated in this order
 */
public record Pooling(List<PoolingStrategy> strategies) {

  /**
   * @throws IllegalArgumentException if there is no strategy
   */
  public Pooling {
    strategies = List.copyOf(strategies);
    if (strategies.isEmpty()) {
      throw new IllegalArgumentException("A pooling has at least one strategy.");
    }
  }

  /** Strategies whose vectors are concatenated. */
  public static Pooling of(PoolingStrategy... strategies) {
    return new Pooling(List.of(strategies));
  }

  /** Whether it is exactly this strategy. */
  public boolean is(PoolingStrategy strategy) {
    return strategies.equals(List.of(strategy));
  }

  /** For people and file names, for example {@code mean} or {@code cls+max}. */
  @Override
  public String toString() {
    return strategies.stream().map(PoolingStrategy::key).collect(Collectors.joining("+"));
  }
}
