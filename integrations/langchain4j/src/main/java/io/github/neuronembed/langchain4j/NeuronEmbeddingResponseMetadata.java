package io.github.neuronembed.langchain4j;

import dev.langchain4j.model.embedding.response.EmbeddingResponseMetadata;
import dev.langchain4j.model.output.TokenUsage;
import io.github.neuronembed.EmbeddedText;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The token count of each text of a request, and whether it was truncated. Immutable. */
public final class NeuronEmbeddingResponseMetadata extends EmbeddingResponseMetadata {

  private final List<Integer> tokenCounts;
  private final List<Integer> cutTexts;

  NeuronEmbeddingResponseMetadata(String modelName, List<EmbeddedText> results) {
    super(EmbeddingResponseMetadata.builder().modelName(modelName).tokenUsage(usage(results)));
    this.tokenCounts = results.stream().map(EmbeddedText::tokenCount).toList();
    this.cutTexts =
        IntStream.range(0, results.size()).filter(i -> results.get(i).isCut()).boxed().toList();
  }

  private static TokenUsage usage(List<EmbeddedText> results) {
    long tokens = results.stream().mapToLong(EmbeddedText::embeddedTokenCount).sum();
    return new TokenUsage((int) Math.min(tokens, Integer.MAX_VALUE));
  }

  /**
   * The token count of each text before truncation, including special tokens and prefix, in their
   * order.
   */
  public List<Integer> tokenCounts() {
    return tokenCounts;
  }

  /** The indices of the truncated texts, from 0, ascending. */
  public List<Integer> cutTexts() {
    return cutTexts;
  }

  /** Both, under the names {@code tokenCounts} and {@code cutTexts}. */
  public Map<String, Object> asMap() {
    return Map.of("tokenCounts", tokenCounts, "cutTexts", cutTexts);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NeuronEmbeddingResponseMetadata metadata
        && super.equals(other)
        && tokenCounts.equals(metadata.tokenCounts)
        && cutTexts.equals(metadata.cutTexts);
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + tokenCounts.hashCode();
  }

  @Override
  public String toString() {
    return "%s, tokenCounts=%s, cutTexts=%s".formatted(super.toString(), tokenCounts, cutTexts);
  }
}
