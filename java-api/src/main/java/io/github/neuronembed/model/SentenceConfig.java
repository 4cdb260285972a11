package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@code sentence_bert_config.json} says of the Transformer module, or the file of another
 * architecture's name that stands in for it. As in sentence-transformers (its development version
 * of 2026-08-21), the first of {@link #FILES} that is there and not empty counts, alone.
 *
 * @param file the file; empty if there is none
 */
record SentenceConfig(Optional<JsonValue> file) {

  private static final List<String> FILES =
      List.of(
          "sentence_bert_config.json",
          "sentence_roberta_config.json",
          "sentence_distilbert_config.json",
          "sentence_camembert_config.json",
          "sentence_albert_config.json",
          "sentence_xlm-roberta_config.json",
          "sentence_xlnet_config.json");

  /** What a Transformer module is for, in the words of the file. */
  enum Task {
    EMBEDDING("feature-extraction", "token_embeddings", "last_hidden_state"),
    SCORING("sequence-classification", "scores", "logits");

    private final String transformerTask;
    private final String outputName;
    private final String methodOutput;

    Task(String transformerTask, String outputName, String methodOutput) {
      this.transformerTask = transformerTask;
      this.outputName = outputName;
      this.methodOutput = methodOutput;
    }
  }

  /**
   * Reads it.
   *
   * @param transformer the folder of the Transformer module
   * @param task what the Transformer is for, and what it gives
   * @throws ModelLoadException if it asks for what this library does not compute
   */
  static SentenceConfig read(Path transformer, Task task) {
    SentenceConfig config =
        new SentenceConfig(
            FILES.stream()
                .map(transformer::resolve)
                .filter(Files::exists)
                .map(ModelDirectory::config)
                .filter(json -> !json.keys().isEmpty())
                .findFirst());
    config.file.ifPresent(json -> requireComputed(json, task));
    return config;
  }

  /** The most tokens of a text, special tokens included, if it says so. */
  Optional<JsonValue> maxSeqLength() {
    return file.flatMap(json -> json.get("max_seq_length"));
  }

  /** Whether texts are put into lower case, whatever the tokenizer does. */
  boolean lowercases() {
    return file.flatMap(json -> json.get("do_lower_case")).map(JsonValue::bool).orElse(false);
  }

  /** Members that change what the module gives; releases before 5.4 have none of them. */
  private static void requireComputed(JsonValue json, Task task) {
    require(json, "transformer_task", task.transformerTask);
    require(json, "module_output_name", task.outputName);
    json.get("modality_config")
        .flatMap(modalities -> modalities.get("text"))
        .ifPresent(
            text -> {
              require(text, "method", "forward");
              require(text, "method_output_name", task.methodOutput);
            });
    for (String key : List.of("processing_kwargs", "query_length", "document_length")) {
      json.get(key)
          .filter(value -> !value.isObject() || !value.keys().isEmpty())
          .ifPresent(
              value -> {
                throw value.wrong(
                    "left out: it changes how texts are tokenized in a way that is not supported");
              });
    }
  }

  private static void require(JsonValue json, String key, String only) {
    json.get(key)
        .filter(value -> !value.string().equals(only))
        .ifPresent(
            value -> {
              throw value.wrong("\"%s\", the one that is computed here".formatted(only));
            });
  }
}
