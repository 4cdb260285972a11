package io.github.neuronembed.springai;

import io.github.neuronembed.InputType;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.embedding.EmbeddingOptions;

/**
 * Says what the texts of a request are.
 *
 * @param inputType queries or passages
 */
public record NeuronEmbeddingOptions(InputType inputType) implements EmbeddingOptions {

  /** Null: the model is the one there is. */
  @Override
  public @Nullable String getModel() {
    return null;
  }

  /** Null: the model's own. */
  @Override
  public @Nullable Integer getDimensions() {
    return null;
  }
}
