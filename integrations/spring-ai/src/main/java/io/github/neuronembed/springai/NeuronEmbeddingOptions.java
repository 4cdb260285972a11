package io.github.neuronembed.springai;

import io.github.neuronembed.InputType;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.embedding.EmbeddingOptions;

/**
 * The input type of the texts of a request.
 *
 * @param inputType queries or passages
 */
public record NeuronEmbeddingOptions(InputType inputType) implements EmbeddingOptions {

  /** Null: there is only one model. */
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
