package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What comes after the token vectors, as {@code modules.json} of a sentence-transformers model
 * states it: a Transformer, then Pooling, then maybe Normalize.
 *
 * @param transformer the folder of {@code config.json} and {@code tokenizer.json}
 * @param pooling how token vectors become the text's vector
 * @param normalize whether a vector is scaled to length 1 (L2)
 * @param poolingConfig the pooling module's configuration; null if pooling was told
 */
record Modules(
    Path transformer,
    PoolingStrategy pooling,
    boolean normalize,
    @Nullable JsonValue poolingConfig) {

  private static final String MODE = "pooling_mode_";

  /**
   * Reads {@code modules.json}.
   *
   * @throws ModelLoadException if it is missing and the overrides do not tell what it would, or if
   *     it asks for what this library does not compute
   */
  static Modules read(Path folder, ModelOverrides overrides) {
    Path file = folder.resolve("modules.json");
    PoolingStrategy toldPooling = overrides.pooling();
    Boolean toldNormalize = overrides.normalize();
    if (!Files.exists(file)) {
      if (toldPooling == null || toldNormalize == null) {
        throw new ModelLoadException(
            "%s is missing, so the model's pooling and normalisation are not stated: copy it from"
                    .formatted(file)
                + " the model's repository, or tell both, as the model was trained (in"
                + " %s, such as {\"pooling\": \"cls\", \"normalize\": true}, or by ModelOverrides.withPooling and"
                    .formatted(ModelOverrides.FILE)
                + " withNormalize).");
      }
      return new Modules(folder, toldPooling, toldNormalize, null);
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
                .wrong("a Transformer, Pooling or Normalize module, the ones that are computed");
      }
    }
    // Some repositories leave pooling to the caller.
    boolean ordered =
        types.equals(List.of("Transformer", "Pooling"))
            || types.equals(List.of("Transformer", "Pooling", "Normalize"))
            || (types.equals(List.of("Transformer")) && toldPooling != null);
    if (transformer == null || !ordered) {
      throw new ModelLoadException(
          "%s must list Transformer, Pooling and, if vectors have length 1, Normalize, in this"
                  .formatted(file)
              + " order; it lists %s.".formatted(types));
    }
    boolean normalized = toldNormalize != null ? toldNormalize : normalize;
    if (toldPooling != null) {
      return new Modules(transformer, toldPooling, normalized, null);
    }
    JsonValue config =
        ModelDirectory.config(Objects.requireNonNull(pooling).resolve("config.json"));
    return new Modules(transformer, mode(config), normalized, config);
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

  private static PoolingStrategy mode(JsonValue config) {
    TreeMap<String, JsonValue> modes = new TreeMap<>();
    for (String key : config.keys()) {
      if (key.startsWith(MODE) && config.require(key).bool()) {
        modes.put(key.substring(MODE.length()), config.require(key));
      }
    }
    if (modes.keySet().equals(Set.of("cls_token"))) {
      return PoolingStrategy.CLS;
    }
    if (modes.keySet().equals(Set.of("mean_tokens"))) {
      if (config.get("include_prompt").map(JsonValue::bool).orElse(true)) {
        return PoolingStrategy.MEAN;
      }
      throw new ModelLoadException(
          "%s leaves the prefix's tokens out of the average (\"include_prompt\": false), which is"
                  .formatted(config.file())
              + " not supported.");
    }
    throw new ModelLoadException(
        modes.isEmpty()
            ? "%s states no pooling mode: set pooling_mode_cls_token or pooling_mode_mean_tokens to"
                    .formatted(config.file())
                + " true, as the model was trained, or tell it ({\"pooling\": \"cls\"} in"
                + " neuron-embed.json, or ModelOverrides.withPooling)."
            : "%s asks for the pooling mode %s: cls_token or mean_tokens, one of them, is supported."
                .formatted(
                    config.file(), String.join(" + ", modes.keySet()).toLowerCase(Locale.ROOT)));
  }

  /**
   * Checks the dimension that the pooling module states.
   *
   * @throws ModelLoadException if it is not the model's
   */
  void requireDimension(int hiddenSize) {
    if (poolingConfig != null) {
      poolingConfig
          .get("word_embedding_dimension")
          .filter(stated -> stated.natural() != hiddenSize)
          .ifPresent(
              stated -> {
                throw stated.wrong("%s, the model's hidden_size".formatted(hiddenSize));
              });
    }
  }
}
