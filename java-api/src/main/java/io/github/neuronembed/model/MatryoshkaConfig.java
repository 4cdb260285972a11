package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.vectors.Matryoshka;
import java.util.List;
import java.util.Optional;

/** Reads which shorter vectors a model was trained for. */
final class MatryoshkaConfig {

  private MatryoshkaConfig() {}

  /**
   * Reads {@code matryoshka_dimensions} (a list) or {@code is_matryoshka} (true: any) of {@code
   * config.json}, the keys of jina-embeddings-v3 and arctic-embed-v2.0, which vLLM reads too (its
   * page on pooling models, 0.18). The overrides have precedence. A model that states neither is
   * assumed not to be trained for shorter vectors.
   *
   * @throws ModelLoadException if a dimension is larger than the model's
   */
  static Matryoshka read(JsonValue config, int dimension, ModelOverrides overrides) {
    List<Integer> override = overrides.matryoshkaDimensions();
    Optional<JsonValue> stated = config.get("matryoshka_dimensions");
    if (override == null && stated.isEmpty()) {
      return config.get("is_matryoshka").map(JsonValue::bool).orElse(false)
          ? Matryoshka.any(dimension)
          : Matryoshka.of(dimension, List.of());
    }
    List<Integer> dimensions =
        override != null
            ? override
            : stated.get().elements().stream().map(JsonValue::positive).toList();
    try {
      return Matryoshka.of(dimension, dimensions);
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          "%s of %s: %s"
              .formatted(
                  override != null
                      ? "\"matryoshkaDimensions\" (%s)".formatted(ModelOverrides.FILE)
                      : "\"matryoshka_dimensions\"",
                  config.file(),
                  e.getMessage()),
          e);
    }
  }
}
