package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a model's Transformer: {@code config.json}, the files of its tokenizer and {@code
 * onnx/}. The directory around it states whether its output becomes a vector or a score.
 *
 * <p>All files except the model files are read when it is opened. Immutable and thread-safe.
 */
public final class TransformerDirectory {

  /**
   * Model types whose first position is not 0 but the one after the padding token's id, which
   * reduces the usable positions by as many (the embeddings classes of these types in Hugging Face
   * Transformers).
   */
  private static final Set<String> POSITIONS_AFTER_PADDING =
      Set.of("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet");

  /** Architectures that state their sizes under the names that are read here. */
  private static final Set<String> SUPPORTED =
      Set.of("bert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta", "camembert");

  /**
   * Default number of token types where it is not stated (Hugging Face Transformers 4.57 and 5).
   */
  private static final Map<String, Integer> TOKEN_TYPES =
      Map.of(
          "bert",
          2,
          "electra",
          2,
          "roberta",
          2,
          "xlm-roberta",
          2,
          "camembert",
          2,
          "mpnet",
          1,
          "distilbert",
          1);

  /** It may list many added tokens. */
  private static final int MAX_TOKENIZER_CONFIG_BYTES = 64 << 20;

  private final Path folder;
  private final String name;
  private final String modelType;
  private final int hiddenSize;
  private final int hiddenLayers;
  private final int vocabularySize;
  private final int tokenTypes;
  private final int padTokenId;
  private final int maxTokens;
  private final boolean lowercases;
  private final boolean padsLeft;

  /**
   * Reads the folder.
   *
   * @param config its {@code config.json}
   * @param task its task
   * @param maxTokensOverride the maximum number of tokens of a text; null if the files decide
   */
  TransformerDirectory(
      Path folder,
      String name,
      JsonValue config,
      SentenceConfig.Task task,
      @Nullable Integer maxTokensOverride) {
    this.folder = folder;
    this.name = name;
    this.modelType = config.require("model_type").string();
    boolean distilled = modelType.equals("distilbert");
    this.hiddenSize = size(config, distilled ? "dim" : "hidden_size");
    this.hiddenLayers = size(config, distilled ? "n_layers" : "num_hidden_layers");
    this.vocabularySize = config.require("vocab_size").positive();
    this.tokenTypes =
        config
            .get("type_vocab_size")
            .map(JsonValue::natural)
            .orElse(TOKEN_TYPES.getOrDefault(modelType, 1));
    this.padTokenId = config.require("pad_token_id").natural();
    if (padTokenId >= vocabularySize) {
      throw config
          .require("pad_token_id")
          .wrong("an id of the model's vocabulary of %s".formatted(vocabularySize));
    }
    SentenceConfig sentences = SentenceConfig.read(folder, task);
    this.maxTokens = maxTokens(config, sentences, maxTokensOverride);
    this.lowercases = sentences.lowercases();
    this.padsLeft = readPaddingSide();
  }

  /**
   * A size that every supported architecture states under this name.
   *
   * @throws ModelLoadException if it is not stated; for another architecture, the message says that
   *     it is not supported
   */
  private int size(JsonValue config, String key) {
    if (config.get(key).isEmpty() && !SUPPORTED.contains(modelType)) {
      throw new ModelLoadException(
          ("%s is of the architecture \"%s\", which is not supported. Supported are"
                      + " %s, and others that state")
                  .formatted(config.file(), modelType, SUPPORTED.stream().sorted().toList())
              + " their sizes as BERT does (\"%s\").".formatted(key));
    }
    return config.require(key).positive();
  }

  private int maxTokens(
      JsonValue config, SentenceConfig sentences, @Nullable Integer maxTokensOverride) {
    int positions = config.require("max_position_embeddings").positive();
    if (POSITIONS_AFTER_PADDING.contains(modelType)) {
      positions -= padTokenId + 1;
    }
    if (maxTokensOverride != null) {
      if (maxTokensOverride > positions) {
        throw new ModelLoadException(
            "%s has %s positions: a text cannot have %s tokens."
                .formatted(config.file(), positions, maxTokensOverride));
      }
      return maxTokensOverride;
    }
    int stated =
        sentences
            .maxSeqLength()
            .or(() -> tokenizerConfig().flatMap(f -> f.get("model_max_length")))
            .map(JsonValue::positive)
            .orElse(positions);
    return Math.min(stated, positions);
  }

  private boolean readPaddingSide() {
    Optional<JsonValue> side = tokenizerConfig().flatMap(config -> config.get("padding_side"));
    side.filter(value -> !Set.of("left", "right").contains(value.string()))
        .ifPresent(
            value -> {
              throw value.wrong("\"left\" or \"right\"");
            });
    return side.map(JsonValue::string).orElse("right").equals("left");
  }

  private Optional<JsonValue> tokenizerConfig() {
    Path path = folder.resolve("tokenizer_config.json");
    return Files.exists(path)
        ? Optional.of(JsonValue.read(path, MAX_TOKENIZER_CONFIG_BYTES))
        : Optional.empty();
  }

  /** The folder, absolute. */
  public Path folder() {
    return folder;
  }

  /** The explicit name, or the folder's own name. */
  public String name() {
    return name;
  }

  /** The architecture's name in {@code config.json}, for example {@code bert}. */
  public String modelType() {
    return modelType;
  }

  /** Length of a token's vector. */
  public int hiddenSize() {
    return hiddenSize;
  }

  /** Encoder layers. */
  public int hiddenLayers() {
    return hiddenLayers;
  }

  /**
   * The maximum number of tokens of a text, including special tokens and the input type's prefix.
   */
  public int maxTokens() {
    return maxTokens;
  }

  /** Token ids are below this. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** Number of token types of the model; 0 or 1 if it has none. */
  public int tokenTypes() {
    return tokenTypes;
  }

  /** The token that fills up a batch's shorter rows. */
  public int padTokenId() {
    return padTokenId;
  }

  /** Whether texts are converted to lower case, whatever the tokenizer does. */
  public boolean lowercases() {
    return lowercases;
  }

  /** Whether the tokenizer puts padding before a text, see {@link ModelDirectory#padsLeft}. */
  public boolean padsLeft() {
    return padsLeft;
  }

  /** The file of the tokenizer's definition; opening the tokenizer shows whether it exists. */
  public Path tokenizerFile() {
    return folder.resolve("tokenizer.json");
  }

  /** The types of weights, float32 or 8-bit, for which there is an ONNX file; may be empty. */
  public Set<Precision> onnxPrecisions() {
    Set<Precision> found = EnumSet.noneOf(Precision.class);
    for (Precision precision : List.of(Precision.FP32, Precision.INT8)) {
      if (onnxCandidates(precision).stream().anyMatch(Files::exists)) {
        found.add(precision);
      }
    }
    return found;
  }

  /**
   * The ONNX file that ONNX Runtime uses for a precision.
   *
   * @throws ModelLoadException if there is none, or it is not a complete ONNX model
   */
  public Path onnxFile(Precision precision) {
    List<Path> candidates = onnxCandidates(precision);
    return candidates.stream()
        .filter(Files::exists)
        .findFirst()
        .map(OnnxFile::requireWhole)
        .orElseThrow(
            () ->
                new ModelLoadException(
                    "%s is missing: export or copy the model's ONNX file (%s) to it."
                        .formatted(candidates.get(0), precision)));
  }

  private List<Path> onnxCandidates(Precision precision) {
    Path onnx = folder.resolve("onnx");
    return switch (precision) {
      case FP32, EXACT -> List.of(onnx.resolve("model.onnx"));
      case INT8 -> List.of(onnx.resolve("model_quantized.onnx"), onnx.resolve("model_int8.onnx"));
    };
  }

  /** Name and folder. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(name, folder);
  }
}
