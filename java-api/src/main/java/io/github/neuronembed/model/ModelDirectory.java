package io.github.neuronembed.model;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.vectors.Matryoshka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A folder in the layout of a Hugging Face repository, and what its files say about the model:
 *
 * <ul>
 *   <li>{@code config.json}: dimension, the shorter ones it was trained for, positions, vocabulary,
 *       padding
 *   <li>{@code modules.json} and the {@code config.json} of its pooling module: pooling and
 *       normalisation
 *   <li>{@code config_sentence_transformers.json}: what is put before a query and a passage
 *   <li>{@code sentence_bert_config.json} and its kin, {@code tokenizer_config.json}: the most
 *       tokens of a text, lower case, which side of a text is cut
 *   <li>{@code tokenizer.json}: the tokenizer
 *   <li>{@code onnx/model.onnx}, {@code onnx/model_quantized.onnx} or {@code onnx/model_int8.onnx}:
 *       the graph and its weights
 *   <li>{@code neuron/manifest.json}: the compiled models
 *   <li>{@value ModelOverrides#FILE}: what the others do not say, or say wrongly
 * </ul>
 *
 * <p>A wrong pooling or prefix gives plausible, wrong vectors, and nothing fails. So nothing is
 * guessed: a directory that does not state them is refused, unless {@link ModelOverrides} do.
 *
 * <p>Everything but the model files is read when the directory is opened, and checked against each
 * other. Immutable and thread-safe.
 */
public final class ModelDirectory {

  /**
   * Model types whose first position is not 0 but the one after the padding token's id, which costs
   * so many positions (the embeddings classes of these types in Hugging Face Transformers).
   */
  private static final Set<String> POSITIONS_AFTER_PADDING =
      Set.of("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet");

  /** Architectures that state their sizes under the names looked for here. */
  private static final Set<String> SUPPORTED =
      Set.of("bert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta", "camembert");

  /** It may list many added tokens. */
  private static final int MAX_TOKENIZER_CONFIG_BYTES = 64 << 20;

  private final Path folder;
  private final Path transformer;
  private final String name;
  private final String modelType;
  private final int hiddenSize;
  private final int hiddenLayers;
  private final int vocabularySize;
  private final int padTokenId;
  private final int maxTokens;
  private final Pooling pooling;
  private final boolean lowercases;
  private final boolean padsLeft;
  private final boolean normalize;
  private final Prompts prompts;
  private final Matryoshka matryoshka;

  private ModelDirectory(Path folder, ModelOverrides overrides) {
    this.folder = folder;
    Modules modules = Modules.read(folder, overrides);
    this.transformer = modules.transformer();
    this.pooling = modules.pooling();
    this.normalize = modules.normalize();
    this.name = overrides.name() != null ? overrides.name() : folderName(folder);

    JsonValue config = config(transformer.resolve("config.json"));
    this.modelType = config.require("model_type").string();
    boolean distilled = modelType.equals("distilbert");
    this.hiddenSize = size(config, distilled ? "dim" : "hidden_size");
    this.hiddenLayers = size(config, distilled ? "n_layers" : "num_hidden_layers");
    this.vocabularySize = config.require("vocab_size").positive();
    this.padTokenId = config.require("pad_token_id").natural();
    if (padTokenId >= vocabularySize) {
      throw config
          .require("pad_token_id")
          .wrong("an id of the model's vocabulary of %s".formatted(vocabularySize));
    }
    SentenceConfig sentences = SentenceConfig.read(transformer);
    this.maxTokens = maxTokens(config, sentences, overrides.maxTokens());
    this.lowercases = sentences.lowercases();
    this.padsLeft = readPaddingSide();
    this.prompts = Prompts.read(folder, overrides);
    modules.check(hiddenSize, !prompts.query().isEmpty() || !prompts.passage().isEmpty());
    this.matryoshka = MatryoshkaConfig.read(config, dimension(), overrides);
  }

  /**
   * Opens a directory that says everything about its model.
   *
   * @throws ModelLoadException if a file is missing, corrupt or contradicts another, or pooling,
   *     normalisation or prefixes are not stated; the message names the file and what to do
   */
  public static ModelDirectory open(Path folder) {
    return open(folder, ModelOverrides.NONE);
  }

  /**
   * Opens a directory, and tells explicitly what it does not say, or says wrongly, its {@value
   * ModelOverrides#FILE} included.
   *
   * @throws ModelLoadException if a file is missing, corrupt or contradicts another, or pooling,
   *     normalisation or prefixes are neither stated nor told; the message names the file and what
   *     to do
   */
  public static ModelDirectory open(Path folder, ModelOverrides overrides) {
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(overrides, "overrides");
    if (!Files.isDirectory(folder)) {
      throw new ModelLoadException(
          Files.exists(folder)
              ? "%s is not a folder: name the folder that holds the model's config.json."
                  .formatted(folder)
              : "There is no model directory %s.".formatted(folder));
    }
    Path absolute = folder.toAbsolutePath().normalize();
    return new ModelDirectory(absolute, overrides.or(ModelOverrides.read(absolute)));
  }

  static JsonValue config(Path file) {
    return JsonValue.read(file, JsonValue.MAX_CONFIG_BYTES);
  }

  private static String folderName(Path folder) {
    Path last = folder.getFileName();
    return last == null ? folder.toString() : last.toString();
  }

  /**
   * A size that every supported architecture states under this name.
   *
   * @throws ModelLoadException if it is not stated; of another architecture, that it is not
   *     supported
   */
  private int size(JsonValue config, String key) {
    if (config.get(key).isEmpty() && !SUPPORTED.contains(modelType)) {
      throw new ModelLoadException(
          "%s is of the architecture \"%s\", which is not supported: %s are, and others that state"
                  .formatted(config.file(), modelType, SUPPORTED.stream().sorted().toList())
              + " their sizes as BERT does (\"%s\").".formatted(key));
    }
    return config.require(key).positive();
  }

  private int maxTokens(JsonValue config, SentenceConfig sentences, @Nullable Integer told) {
    int positions = config.require("max_position_embeddings").positive();
    if (POSITIONS_AFTER_PADDING.contains(modelType)) {
      positions -= padTokenId + 1;
    }
    if (told != null) {
      if (told > positions) {
        throw new ModelLoadException(
            "%s has %s positions: a text cannot have %s tokens."
                .formatted(config.file(), positions, told));
      }
      return told;
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
    Path path = transformer.resolve("tokenizer_config.json");
    return Files.exists(path)
        ? Optional.of(JsonValue.read(path, MAX_TOKENIZER_CONFIG_BYTES))
        : Optional.empty();
  }

  /** The folder, absolute. */
  public Path folder() {
    return folder;
  }

  /** The name it was told, or the folder's own. */
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

  /** The lengths that a vector may be shortened to. */
  public Matryoshka matryoshka() {
    return matryoshka;
  }

  /** Encoder layers. */
  public int hiddenLayers() {
    return hiddenLayers;
  }

  /** The most tokens of a text, special tokens and the input type's prefix included. */
  public int maxTokens() {
    return maxTokens;
  }

  /** Token ids are below this. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** The token that fills up a batch's shorter rows. */
  public int padTokenId() {
    return padTokenId;
  }

  /** How token vectors become the text's vector. */
  public Pooling pooling() {
    return pooling;
  }

  /**
   * Length of a text's vector: {@link #hiddenSize()} for each of the strategies of {@link
   * #pooling()}.
   */
  public int dimension() {
    return hiddenSize * pooling.strategies().size();
  }

  /** Whether texts are put into lower case, whatever the tokenizer does. */
  public boolean lowercases() {
    return lowercases;
  }

  /**
   * Whether the tokenizer puts padding before a text ({@code padding_side}). It is put behind it
   * here in any case: token vectors do not depend on it, since the mask hides it and a text's first
   * token has the first position. A graph that pools by itself may take a row's last token for the
   * text's, so that such texts must not be padded at all.
   */
  public boolean padsLeft() {
    return padsLeft;
  }

  /** Whether a vector is scaled to length 1 (L2). */
  public boolean normalize() {
    return normalize;
  }

  /** What is put before a text of that type; empty for nothing. */
  public String prefix(InputType type) {
    return switch (type) {
      case QUERY -> prompts.query();
      case PASSAGE -> prompts.passage();
    };
  }

  /**
   * Where the tokenizer's definition is; whether it is there shows when the tokenizer is opened.
   */
  public Path tokenizerFile() {
    return transformer.resolve("tokenizer.json");
  }

  /** The types of weights, float32 or 8-bit, that there is an ONNX file for, maybe none. */
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
   * The ONNX file that a precision is computed from by ONNX Runtime.
   *
   * @throws ModelLoadException if there is none, or it is not a whole ONNX model
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
                    "%s is missing: export or copy the model's ONNX file (%s) to there."
                        .formatted(candidates.get(0), precision)));
  }

  private List<Path> onnxCandidates(Precision precision) {
    Path onnx = transformer.resolve("onnx");
    return switch (precision) {
      case FP32, EXACT -> List.of(onnx.resolve("model.onnx"));
      case INT8 -> List.of(onnx.resolve("model_quantized.onnx"), onnx.resolve("model_int8.onnx"));
    };
  }

  /** Where the list of compiled models is, if there is one. */
  public Path neuronManifestFile() {
    return folder.resolve("neuron").resolve("manifest.json");
  }

  /** Name and folder. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(name, folder);
  }
}
