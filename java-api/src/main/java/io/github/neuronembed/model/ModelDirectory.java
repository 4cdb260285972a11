package io.github.neuronembed.model;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.vectors.Matryoshka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;

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

  private final Path folder;
  private final TransformerDirectory transformer;
  private final Pooling pooling;
  private final boolean normalize;
  private final Prompts prompts;
  private final Matryoshka matryoshka;

  private ModelDirectory(Path folder, ModelOverrides overrides) {
    this.folder = folder;
    Modules modules = Modules.read(folder, overrides);
    this.pooling = modules.pooling();
    this.normalize = modules.normalize();
    JsonValue config = config(modules.transformer().resolve("config.json"));
    this.transformer =
        new TransformerDirectory(
            modules.transformer(),
            overrides.name() != null ? overrides.name() : folderName(folder),
            config,
            SentenceConfig.Task.EMBEDDING,
            overrides.maxTokens());
    this.prompts = Prompts.read(folder, overrides);
    modules.check(hiddenSize(), !prompts.query().isEmpty() || !prompts.passage().isEmpty());
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
    Path absolute = requireFolder(folder);
    return new ModelDirectory(absolute, overrides.or(ModelOverrides.read(absolute)));
  }

  /** The absolute path of a folder that is there. */
  static Path requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new ModelLoadException(
          Files.exists(folder)
              ? "%s is not a folder: name the folder that holds the model's config.json."
                  .formatted(folder)
              : "There is no model directory %s.".formatted(folder));
    }
    return folder.toAbsolutePath().normalize();
  }

  static JsonValue config(Path file) {
    return JsonValue.read(file, JsonValue.MAX_CONFIG_BYTES);
  }

  static String folderName(Path folder) {
    Path last = folder.getFileName();
    return last == null ? folder.toString() : last.toString();
  }

  /** The folder, absolute. */
  public Path folder() {
    return folder;
  }

  /** The folder of its Transformer, and what that says. */
  public TransformerDirectory transformer() {
    return transformer;
  }

  /** The name it was told, or the folder's own. */
  public String name() {
    return transformer.name();
  }

  /** The architecture's name in {@code config.json}, for example {@code bert}. */
  public String modelType() {
    return transformer.modelType();
  }

  /** Length of a token's vector. */
  public int hiddenSize() {
    return transformer.hiddenSize();
  }

  /** Encoder layers. */
  public int hiddenLayers() {
    return transformer.hiddenLayers();
  }

  /** The most tokens of a text, special tokens and the input type's prefix included. */
  public int maxTokens() {
    return transformer.maxTokens();
  }

  /** Token ids are below this. */
  public int vocabularySize() {
    return transformer.vocabularySize();
  }

  /** The token that fills up a batch's shorter rows. */
  public int padTokenId() {
    return transformer.padTokenId();
  }

  /** Whether texts are put into lower case, whatever the tokenizer does. */
  public boolean lowercases() {
    return transformer.lowercases();
  }

  /**
   * Whether the tokenizer puts padding before a text ({@code padding_side}). It is put behind it
   * here in any case: token vectors do not depend on it, since the mask hides it and a text's first
   * token has the first position. A graph that pools by itself may take a row's last token for the
   * text's, so that such texts must not be padded at all.
   */
  public boolean padsLeft() {
    return transformer.padsLeft();
  }

  /**
   * Where the tokenizer's definition is; whether it is there shows when the tokenizer is opened.
   */
  public Path tokenizerFile() {
    return transformer.tokenizerFile();
  }

  /** The types of weights, float32 or 8-bit, that there is an ONNX file for, maybe none. */
  public Set<Precision> onnxPrecisions() {
    return transformer.onnxPrecisions();
  }

  /**
   * The ONNX file that a precision is computed from by ONNX Runtime.
   *
   * @throws ModelLoadException if there is none, or it is not a whole ONNX model
   */
  public Path onnxFile(Precision precision) {
    return transformer.onnxFile(precision);
  }

  /** The lengths that a vector may be shortened to. */
  public Matryoshka matryoshka() {
    return matryoshka;
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
    return hiddenSize() * pooling.strategies().size();
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

  /** Where the list of compiled models is, if there is one. */
  public Path neuronManifestFile() {
    return folder.resolve("neuron").resolve("manifest.json");
  }

  /** Name and folder. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(name(), folder);
  }
}
