package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The {@code config.json} of a pooling module. Since release 5.4 sentence-transformers writes
 * {@code embedding_dimension}, {@code pooling_mode} (a name or a list of names) and {@code
 * include_prompt}; before, {@code word_embedding_dimension} and a boolean for each mode. If both
 * exist, the new mode counts, as in that library.
 */
final class PoolingConfig {

  private static final String MODE = "pooling_mode";
  private static final String INCLUDE_PROMPT = "include_prompt";
  private static final List<String> DIMENSIONS =
      List.of("embedding_dimension", "word_embedding_dimension");

  private PoolingConfig() {}

  /**
   * Reads it.
   *
   * @throws ModelLoadException if it states no pooling, or an unknown one
   */
  static Pooling read(JsonValue config) {
    return new Pooling(
        config.get(MODE).map(PoolingConfig::strategies).orElseGet(() -> legacy(config)));
  }

  /** The strategies that a string or an array of strings names. */
  static List<PoolingStrategy> strategies(JsonValue value) {
    List<JsonValue> names = value.isArray() ? value.elements() : List.of(value);
    if (names.isEmpty()) {
      throw value.wrong("one of %s, or a list of them".formatted(names()));
    }
    return names.stream()
        .map(
            name ->
                PoolingStrategy.of(name.string())
                    .orElseThrow(
                        () -> name.wrong("one of %s, or a list of them".formatted(names()))))
        .toList();
  }

  private static String names() {
    return Arrays.stream(PoolingStrategy.values())
        .map(strategy -> "\"" + strategy.key() + "\"")
        .collect(Collectors.joining(", "));
  }

  private static List<PoolingStrategy> legacy(JsonValue config) {
    List<PoolingStrategy> asked = new ArrayList<>();
    for (PoolingStrategy strategy : PoolingStrategy.values()) {
      if (config.get(strategy.legacyKey()).map(JsonValue::bool).orElse(false)) {
        asked.add(strategy);
      }
    }
    for (String key : config.keys()) {
      if (key.startsWith(MODE + "_")
          && Arrays.stream(PoolingStrategy.values()).noneMatch(s -> s.legacyKey().equals(key))
          && config.get(key).map(JsonValue::bool).orElse(false)) {
        throw config.require(key).wrong("false: it is not a known pooling mode");
      }
    }
    if (asked.isEmpty()) {
      throw new ModelLoadException(
          ("%s states no pooling mode: set \"%s\" to one of %s, as the model was"
                      + " trained, or state it")
                  .formatted(config.file(), MODE, names())
              + " ({\"pooling\": \"cls\"} in %s, or ModelOverrides.withPooling)."
                  .formatted(ModelOverrides.FILE));
    }
    return asked;
  }

  /**
   * Checks that all tokens count, including those of a prefix. sentence-transformers (at cad2119)
   * leaves out as many of a text's first tokens as the prompt alone has. Here only token ids are
   * passed on after the tokenizer, and they do not show whether a text has a prompt.
   *
   * @throws ModelLoadException if it excludes prefixes
   */
  static void requireWholeTexts(JsonValue config, boolean hasPrefix) {
    if (!config.get(INCLUDE_PROMPT).map(JsonValue::bool).orElse(true) && hasPrefix) {
      throw new ModelLoadException(
          "%s leaves the prefix of a text out of its pooling (\"%s\": false), which is not"
                  .formatted(config.file(), INCLUDE_PROMPT)
              + " supported: such a model can be served only without prefixes (\"queryPrefix\":"
              + " \"\""
              + " and \"passagePrefix\": \"\" in %s).".formatted(ModelOverrides.FILE));
    }
  }

  /**
   * Checks its dimension.
   *
   * @throws ModelLoadException if it differs from that of the model
   */
  static void requireDimension(JsonValue config, int hiddenSize) {
    for (String key : DIMENSIONS) {
      config
          .get(key)
          .filter(stated -> stated.natural() != hiddenSize)
          .ifPresent(
              stated -> {
                throw stated.wrong(
                    "%s, the length of the model's token vectors".formatted(hiddenSize));
              });
    }
  }
}
