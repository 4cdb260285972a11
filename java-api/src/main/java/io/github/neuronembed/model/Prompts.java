package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The prefixes that the model was trained with; empty for none.
 *
 * @param query of a query
 * @param passage of a passage
 */
record Prompts(String query, String passage) {

  /**
   * Reads {@code prompts} of {@code config_sentence_transformers.json}, where overrides do not set
   * them. As in sentence-transformers, the prompt of a passage is named {@code document}, {@code
   * passage} or {@code corpus}; {@code default_prompt_name} names the prompt for types without one;
   * if queries have a prompt and passages have none, a passage gets no prefix.
   *
   * @throws ModelLoadException if the prefix of a query is not stated anywhere
   */
  static Prompts read(Path folder, ModelOverrides overrides) {
    Path file = folder.resolve("config_sentence_transformers.json");
    Optional<JsonValue> config =
        Files.exists(file) ? Optional.of(ModelDirectory.config(file)) : Optional.empty();
    Optional<JsonValue> prompts = config.flatMap(c -> c.get("prompts"));
    Optional<String> byDefault =
        config
            .flatMap(c -> c.get("default_prompt_name"))
            .flatMap(named -> prompts.flatMap(p -> p.get(named.string())))
            .map(JsonValue::string);

    Optional<String> query =
        Optional.ofNullable(overrides.queryPrefix())
            .or(() -> prompts.flatMap(p -> p.get("query")).map(JsonValue::string))
            .or(() -> byDefault);
    Optional<String> passage =
        Optional.ofNullable(overrides.passagePrefix())
            .or(() -> prompts.flatMap(p -> p.get("document")).map(JsonValue::string))
            .or(() -> prompts.flatMap(p -> p.get("passage")).map(JsonValue::string))
            .or(() -> prompts.flatMap(p -> p.get("corpus")).map(JsonValue::string))
            .or(() -> byDefault);
    if (query.isEmpty()) {
      throw new ModelLoadException(
          (config.isPresent()
                      ? "%s does not state \"prompts\" with one for \"query\""
                      : "%s is missing")
                  .formatted(file)
              + ", so the prefix that the model expects before a query is not known: add"
              + " {\"prompts\": {\"query\": \"...\", \"document\": \"\"}} with what its"
              + " model card says (\"\" for nothing), or state it ({\"queryPrefix\":"
              + " \"...\"} in %s, or".formatted(ModelOverrides.FILE)
              + " ModelOverrides.withQueryPrefix).");
    }
    return new Prompts(query.get(), passage.orElse(""));
  }
}
