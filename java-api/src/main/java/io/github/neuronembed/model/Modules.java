package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The processing of the token vectors, as {@code modules.json} of a sentence-transformers model
 * states it: a Transformer, then Pooling, then optionally Normalize. The last part of a class's
 * name identifies the module, because release 5.4 moved the classes to other Python packages.
 *
 * @param transformer the folder of {@code config.json} and {@code tokenizer.json}
 * @param pooling how token vectors become the text's vector
 * @param normalize whether a vector is scaled to length 1 (L2)
 * @param poolingConfig the pooling module's configuration; null if pooling was set explicitly
 */
record Modules(
    Path transformer, Pooling pooling, boolean normalize, @Nullable JsonValue poolingConfig) {

  /**
   * Reads {@code modules.json}.
   *
   * @throws ModelLoadException if it is missing and the overrides do not replace it, or if it needs
   *     modules that this library does not compute
   */
  static Modules read(Path folder, ModelOverrides overrides) {
    Path file = folder.resolve("modules.json");
    Pooling poolingOverride = overrides.pooling();
    Boolean normalizeOverride = overrides.normalize();
    if (!Files.exists(file)) {
      if (poolingOverride == null || normalizeOverride == null) {
        requireEncoder(folder.resolve("config.json"));
        throw new ModelLoadException(
            "%s is missing, so the model's pooling and normalisation are not stated: copy it from"
                    .formatted(file)
                + " the model's repository, or state both, as the model was trained (in"
                + " %s, for example {\"pooling\": \"cls\", \"normalize\": true}, or by ModelOverrides.withPooling and"
                    .formatted(ModelOverrides.FILE)
                + " withNormalize).");
      }
      return new Modules(folder, poolingOverride, normalizeOverride, null);
    }
    Path transformer = null;
    Path pooling = null;
    boolean normalize = false;
    List<String> types = new ArrayList<>();
    for (JsonValue module : ModelDirectory.config(file).elements()) {
      String type = simpleName(module.require("type").string());
      Path path = inside(folder, module.require("path"));
      types.add(type);
      switch (type) {
        case "Transformer" -> transformer = path;
        case "Pooling" -> pooling = path;
        case "Normalize" -> normalize = true;
        default ->
            throw module
                .require("type")
                .wrong(
                    "a Transformer, Pooling or Normalize module, the ones that are computed"
                        + purpose(type));
      }
    }
    // Some repositories leave pooling to the caller.
    boolean ordered =
        types.equals(List.of("Transformer", "Pooling"))
            || types.equals(List.of("Transformer", "Pooling", "Normalize"))
            || (types.equals(List.of("Transformer")) && poolingOverride != null);
    if (transformer == null || !ordered) {
      throw new ModelLoadException(
          "%s must list Transformer, Pooling and, if vectors have length 1, Normalize, in this"
                  .formatted(file)
              + " order; it lists %s.".formatted(types));
    }
    boolean normalized = normalizeOverride != null ? normalizeOverride : normalize;
    if (poolingOverride != null) {
      return new Modules(transformer, poolingOverride, normalized, null);
    }
    JsonValue config =
        ModelDirectory.config(Objects.requireNonNull(pooling).resolve("config.json"));
    return new Modules(transformer, PoolingConfig.read(config), normalized, config);
  }

  /** The purpose of a model with such a module, if it does not compute one vector per text. */
  private static String purpose(String type) {
    return switch (type) {
      case "MLMTransformer", "SpladePooling", "SparseAutoEncoder", "SparseStaticEmbedding" ->
          " (this is a sparse encoder, which weighs the words of a vocabulary)";
      case "LogitScore" -> " (this is a cross-encoder, which scores pairs of texts)";
      case "MultiVectorMask", "HierarchicalTokenPooling" ->
          " (this is a late-interaction model, which gives a vector for every token)";
      default -> "";
    };
  }

  /** Names the purpose if a directory without modules is that of a classifier. */
  private static void requireEncoder(Path config) {
    if (!Files.exists(config)) {
      return;
    }
    List<JsonValue> architectures =
        ModelDirectory.config(config)
            .get("architectures")
            .map(JsonValue::elements)
            .orElse(List.of());
    for (JsonValue architecture : architectures) {
      if (architecture.string().endsWith("ForSequenceClassification")) {
        throw architecture.wrong(
            "an encoder's: this is a classifier or a cross-encoder, whose output is logits; it"
                + " scores texts or pairs of them (Reranker, or neuron-embed rerank) and gives no"
                + " embeddings");
      }
    }
  }

  private static String simpleName(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }

  private static Path inside(Path folder, JsonValue path) {
    try {
      Path resolved = folder.resolve(path.string()).normalize();
      if (resolved.startsWith(folder)) {
        return resolved;
      }
    } catch (InvalidPathException e) {
      throw path.wrong("a path inside the model directory");
    }
    throw path.wrong("a path inside the model directory");
  }

  /**
   * Checks what the pooling module states against the rest of the directory.
   *
   * @throws ModelLoadException if its dimension is not the model's, or it excludes prefixes
   */
  void check(int hiddenSize, boolean hasPrefix) {
    if (poolingConfig != null) {
      PoolingConfig.requireDimension(poolingConfig, hiddenSize);
      PoolingConfig.requireWholeTexts(poolingConfig, hasPrefix);
    }
  }
}
