package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The content of {@code sentence_bert_config.json} about the Transformer module, or of the
 * corresponding file of another architecture. As in sentence-transformers (its development version
 * of 2026-08-21), only the first of {@link #FILES} that exists and is not empty counts.
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

  /** The task of a Transformer module, as the file names it. */
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
   * @param task the task of the Transformer, and its output
   * @throws ModelLoadException if it needs something that this library does not compute
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

  /** The maximum number of tokens of a text, including special tokens, if stated. */
  Optional<JsonValue> maxSeqLength() {
    return file.flatMap(json -> json.get("max_seq_length"));
  }

  /** Whether texts are converted to lower case, whatever the tokenizer does. */
  boolean lowercases() {
    return file.flatMap(json -> json.get("do_lower_case")).map(JsonValue::bool).orElse(false);
  }

  /** Members that change the module's output; releases before 5.4 have none of them. */
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
