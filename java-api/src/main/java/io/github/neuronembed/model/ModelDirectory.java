package io.github.neuronembed.model;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A folder in the Hugging Face layout, looked at once, when it is opened. Pooling, normalisation
 * and prefixes are what the folder states or the caller tells; nothing is guessed, because a wrong
 * one gives plausible, wrong vectors. Immutable.
 *
 * <table>
 * <caption>What is read</caption>
 * <tr><td>{@code config.json}</td><td>hidden size, vocabulary, padding token, positions</td></tr>
 * <tr><td>{@code modules.json}</td><td>whether there is a Normalize module; where Pooling is</td></tr>
 * <tr><td>{@code 1_Pooling/config.json}</td><td>the pooling mode</td></tr>
 * <tr><td>{@code config_sentence_transformers.json}</td>
 *     <td>{@code prompts}: {@code query} and {@code document} or {@code passage}</td></tr>
 * <tr><td>{@code sentence_bert_config.json}, {@code tokenizer_config.json}</td>
 *     <td>the most tokens of a text</td></tr>
 * <tr><td>{@code tokenizer.json}</td><td>the tokenizer</td></tr>
 * <tr><td>{@code onnx/model.onnx}, {@code onnx/model_quantized.onnx}</td>
 *     <td>the model for ONNX Runtime, fp32 and int8</td></tr>
 * <tr><td>{@code neuron/}</td><td>compiled models and their manifest</td></tr>
 * </table>
 */
public final class ModelDirectory {

  private static final String CONFIG = "config.json";
  private static final String MODULES = "modules.json";
  private static final String PROMPTS = "config_sentence_transformers.json";

  private final Path path;
  private final String name;
  private final int hiddenSize;
  private final int vocabularySize;
  private final int padTokenId;
  private final int maxTokens;
  private final PoolingStrategy pooling;
  private final boolean normalize;
  private final String queryPrefix;
  private final String passagePrefix;

  private ModelDirectory(Path path, ModelOverrides overrides) {
    this.path = path;
    JsonFile config = JsonFile.required(path.resolve(CONFIG));
    this.hiddenSize = config.positive("hidden_size");
    this.vocabularySize = config.positive("vocab_size");
    this.padTokenId = config.notNegative("pad_token_id", 0);
    if (padTokenId >= vocabularySize) {
      throw new ModelLoadException(
          "%s: pad_token_id %d is not below vocab_size %d."
              .formatted(config.file(), padTokenId, vocabularySize));
    }
    this.name = name(path, config);
    this.maxTokens = maxTokens(path, config, overrides);
    List<JsonFile> modules = JsonFile.list(path.resolve(MODULES));
    this.pooling = overrides.pooling() != null ? overrides.pooling() : pooling(path, modules);
    this.normalize =
        overrides.normalize() != null ? overrides.normalize() : normalizes(path, modules);
    JsonFile prompts = JsonFile.optional(path.resolve(PROMPTS)).child("prompts");
    this.queryPrefix = prefix(prompts, overrides.queryPrefix(), "query");
    this.passagePrefix = prefix(prompts, overrides.passagePrefix(), "document", "passage");
    if (!Files.isRegularFile(tokenizerFile())) {
      throw new ModelLoadException(
          "%s is missing: without it no text becomes tokens.".formatted(tokenizerFile()));
    }
  }

  /**
   * Opens a model directory.
   *
   * @throws ModelLoadException if a file is missing or damaged, or does not state what is needed
   */
  public static ModelDirectory open(Path path) {
    return open(path, ModelOverrides.NONE);
  }

  /**
   * Opens a model directory that does not state everything.
   *
   * @throws ModelLoadException if a file is missing or damaged, or neither it nor the overrides
   *     state what is needed
   */
  public static ModelDirectory open(Path path, ModelOverrides overrides) {
    if (!Files.isDirectory(path)) {
      throw new ModelLoadException("%s is not a folder.".formatted(path));
    }
    return new ModelDirectory(path.toAbsolutePath().normalize(), overrides);
  }

  private static String name(Path path, JsonFile config) {
    String stated = config.string("_name_or_path");
    String last = stated == null ? "" : stated.replaceFirst("/+$", "").replaceFirst(".*/", "");
    return last.isEmpty() ? String.valueOf(path.getFileName()) : last;
  }

  private static int maxTokens(Path path, JsonFile config, ModelOverrides overrides) {
    int positions = config.positive("max_position_embeddings");
    if (overrides.maxTokens() != null) {
      if (overrides.maxTokens() > positions) {
        throw new ModelLoadException(
            "%s: the model has %d positions, so a limit of %d tokens cannot be served."
                .formatted(config.file(), positions, overrides.maxTokens()));
      }
      return overrides.maxTokens();
    }
    OptionalInt stated =
        JsonFile.optional(path.resolve("sentence_bert_config.json"))
            .optionalPositive("max_seq_length");
    if (stated.isEmpty()) {
      stated =
          JsonFile.optional(path.resolve("tokenizer_config.json"))
              .optionalPositive("model_max_length");
    }
    return Math.min(positions, stated.orElse(positions));
  }

  private static PoolingStrategy pooling(Path path, List<JsonFile> modules) {
    String folder =
        modules.stream()
            .filter(module -> isOfType(module, "Pooling"))
            .map(module -> module.string("path"))
            .findFirst()
            .orElse("1_Pooling");
    Path file = path.resolve(folder == null ? "1_Pooling" : folder).resolve("config.json");
    if (!file.normalize().startsWith(path)) {
      throw new ModelLoadException(
          "%s: the path of the pooling module leads out of the model directory."
              .formatted(path.resolve(MODULES)));
    }
    if (!Files.isRegularFile(file)) {
      throw new ModelLoadException(
          ("%s is missing, so the pooling is not known, and a wrong one gives plausible, wrong"
                  + " vectors. Fetch the file, or say it: ModelOverrides.NONE.withPooling(…).")
              .formatted(file));
    }
    JsonFile config = JsonFile.required(file);
    List<String> modes =
        config.keys().stream()
            .filter(key -> key.startsWith("pooling_mode_") && config.isTrue(key))
            .toList();
    if (modes.equals(List.of("pooling_mode_cls_token"))) {
      return PoolingStrategy.CLS;
    }
    if (modes.equals(List.of("pooling_mode_mean_tokens"))) {
      return PoolingStrategy.MEAN;
    }
    throw new ModelLoadException(
        "%s asks for the pooling %s; this library does pooling_mode_cls_token or"
                .formatted(file, modes)
            + " pooling_mode_mean_tokens, one of them.");
  }

  private static boolean normalizes(Path path, List<JsonFile> modules) {
    if (modules.isEmpty()) {
      throw new ModelLoadException(
          ("%s is missing, so it is not known whether vectors are normalised. Fetch the file, or"
                  + " say it: ModelOverrides.NONE.withNormalize(…).")
              .formatted(path.resolve(MODULES)));
    }
    return modules.stream().anyMatch(module -> isOfType(module, "Normalize"));
  }

  private static boolean isOfType(JsonFile module, String type) {
    String stated = module.string("type");
    return stated != null && stated.endsWith("." + type);
  }

  private static String prefix(JsonFile prompts, @Nullable String told, String... keys) {
    if (told != null) {
      return told;
    }
    for (String key : keys) {
      String prompt = prompts.string(key);
      if (prompt != null) {
        return prompt;
      }
    }
    throw new ModelLoadException(
        ("%s states no prompt '%s', so it is not known what comes before such a text. Add it under"
                + " \"prompts\" (\"\" for nothing), or say it:"
                + " ModelOverrides.NONE.withPrefixes(…).")
            .formatted(prompts.file(), String.join("' or '", keys)));
  }

  /** The folder, absolute. */
  public Path path() {
    return path;
  }

  /** The model's name, for example {@code bge-small-en-v1.5}. */
  public String name() {
    return name;
  }

  /** Length of a token's vector, and so of a text's. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** Token ids are below this. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** The token that fills up a row. */
  public int padTokenId() {
    return padTokenId;
  }

  /** The most tokens of a text, special tokens and prefix included. */
  public int maxTokens() {
    return maxTokens;
  }

  /** How token vectors become the text's vector. */
  public PoolingStrategy pooling() {
    return pooling;
  }

  /** Whether a text's vector is scaled to length 1. */
  public boolean normalize() {
    return normalize;
  }

  /** What comes before a text of the type; may be empty. */
  public String prefix(InputType type) {
    return type == InputType.QUERY ? queryPrefix : passagePrefix;
  }

  /** The tokenizer; the file exists. */
  public Path tokenizerFile() {
    return path.resolve("tokenizer.json");
  }

  /**
   * The model for ONNX Runtime.
   *
   * @throws ModelLoadException if the directory has none of that precision, or it is empty
   */
  public Path onnxFile(Precision precision) {
    for (String candidate : precision.files()) {
      Path file = path.resolve(candidate);
      if (Files.isRegularFile(file)) {
        if (file.toFile().length() == 0) {
          throw new ModelLoadException("%s is empty. Fetch it again.".formatted(file));
        }
        return file;
      }
    }
    throw new ModelLoadException(
        "%s has no ONNX model of precision %s (%s)."
            .formatted(path, precision, String.join(" or ", precision.files())));
  }

  /**
   * The compiled models, in the order of their names.
   *
   * @return the NEFF files below {@code neuron/}; empty if there are none
   */
  public List<Path> neffFiles() {
    Path folder = path.resolve("neuron");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".neff"))
          .sorted(Comparator.comparing(Path::toString))
          .collect(Collectors.toCollection(ArrayList::new));
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(folder, e), e);
    }
  }
}
