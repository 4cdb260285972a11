package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A folder in the layout of a Hugging Face repository that contains a cross-encoder: a Transformer
 * with a classification head of one class, which scores how well a text answers a query.
 *
 * <p>The directory states in one of three places whether its scores are logits or their sigmoids.
 * The first of them counts, as in sentence-transformers (its development version of 2026-08-21,
 * {@code cross_encoder/model.py}):
 *
 * <ol>
 *   <li>{@code activation_fn} of {@code config_sentence_transformers.json}: since its release 5.4
 *   <li>{@code activation_fn} in {@code sentence_transformers} of {@code config.json}: releases 4
 *       to 5.3
 *   <li>{@code sbert_ce_default_activation_function} of {@code config.json}: release 3
 * </ol>
 *
 * <p>If none does, scores of one class are sigmoids, as in that library.
 *
 * <p>Immutable and thread-safe.
 */
public final class CrossEncoderDirectory {

  private static final String SENTENCES = "config_sentence_transformers.json";
  private static final String ACTIVATION = "activation_fn";
  private static final String HEAD = "ForSequenceClassification";

  private final TransformerDirectory transformer;
  private final boolean sigmoid;

  private CrossEncoderDirectory(Path folder) {
    ModelOverrides overrides = ModelOverrides.read(folder);
    JsonValue config = ModelDirectory.config(folder.resolve("config.json"));
    requireOneClass(config);
    Optional<JsonValue> sentences = optional(folder.resolve(SENTENCES));
    sentences.ifPresent(CrossEncoderDirectory::requireNoPrompt);
    this.transformer =
        new TransformerDirectory(
            folder,
            overrides.name() != null ? overrides.name() : ModelDirectory.folderName(folder),
            config,
            SentenceConfig.Task.SCORING,
            overrides.maxTokens());
    this.sigmoid =
        sentences
            .flatMap(json -> json.get(ACTIVATION))
            .or(() -> config.get("sentence_transformers").flatMap(json -> json.get(ACTIVATION)))
            .or(() -> config.get("sbert_ce_default_activation_function"))
            .map(CrossEncoderDirectory::isSigmoid)
            .orElse(true);
  }

  /**
   * Opens a directory.
   *
   * @throws ModelLoadException if a file is missing or corrupt, or it is not a cross-encoder of one
   *     class; the message names the file and what to do
   */
  public static CrossEncoderDirectory open(Path folder) {
    return new CrossEncoderDirectory(ModelDirectory.requireFolder(folder));
  }

  /**
   * Whether a folder has the model of a classifier, not of an encoder; false if this is not known.
   */
  public static boolean isIn(Path folder) {
    try {
      return isClassifier(ModelDirectory.config(folder.resolve("config.json")));
    } catch (ModelLoadException e) {
      return false;
    }
  }

  private static boolean isClassifier(JsonValue config) {
    return config.get("architectures").map(JsonValue::elements).orElse(List.of()).stream()
        .anyMatch(architecture -> architecture.string().endsWith(HEAD));
  }

  private static void requireOneClass(JsonValue config) {
    if (!isClassifier(config)) {
      throw config
          .require("architectures")
          .wrong("a cross-encoder's, such as [\"XLMRoberta%s\"]".formatted(HEAD));
    }
    // Transformers assumes two and then writes neither of the keys.
    int classes =
        config
            .get("id2label")
            .map(labels -> labels.keys().size())
            .or(() -> config.get("num_labels").map(JsonValue::natural))
            .orElse(2);
    if (classes != 1) {
      throw new ModelLoadException(
          "%s states %s classes (\"id2label\"): texts are ranked by the score of one. This is a"
                  .formatted(config.file(), classes)
              + " classifier, not a reranker.");
    }
  }

  private static void requireNoPrompt(JsonValue sentences) {
    sentences
        .get("default_prompt_name")
        .flatMap(name -> sentences.get("prompts").flatMap(prompts -> prompts.get(name.string())))
        .filter(prompt -> !prompt.string().isEmpty())
        .ifPresent(
            prompt -> {
              throw prompt.wrong("empty: prompts before pairs are not supported");
            });
  }

  private static boolean isSigmoid(JsonValue activation) {
    String name = activation.string();
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Sigmoid" -> true;
      case "Identity" -> false;
      default -> throw activation.wrong("torch's Sigmoid or Identity");
    };
  }

  private static Optional<JsonValue> optional(Path file) {
    return Files.exists(file) ? Optional.of(ModelDirectory.config(file)) : Optional.empty();
  }

  /** The folder of the model, with the facts that it states. */
  public TransformerDirectory transformer() {
    return transformer;
  }

  /** The name in {@value ModelOverrides#FILE}, or the folder's own name. */
  public String name() {
    return transformer.name();
  }

  /** Where the description of the compiled models is, if there is any. */
  public Path neuronManifestFile() {
    return transformer.folder().resolve("neuron").resolve("manifest.json");
  }

  /** The maximum number of tokens of a pair, including special tokens. */
  public int maxTokens() {
    return transformer.maxTokens();
  }

  /** Whether a score is the sigmoid of the logit; else it is the logit. */
  public boolean sigmoid() {
    return sigmoid;
  }

  /** Name and folder. */
  @Override
  public String toString() {
    return transformer.toString();
  }
}
