package io.github.neuronembed.model;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.vectors.Matryoshka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;

/**
 * A folder in the layout of a Hugging Face repository, with the facts that its files state about
 * the model:
 *
 * <ul>
 *   <li>{@code config.json}: dimension, the shorter ones it was trained for, positions, vocabulary,
 *       padding
 *   <li>{@code modules.json} and the {@code config.json} of its pooling module: pooling and
 *       normalisation
 *   <li>{@code config_sentence_transformers.json}: the prefixes of a query and of a passage
 *   <li>{@code sentence_bert_config.json} and similar files, {@code tokenizer_config.json}: the
 *       maximum number of tokens of a text, lower case, which side of a text is truncated
 *   <li>{@code tokenizer.json}: the tokenizer
 *   <li>{@code onnx/model.onnx}, {@code onnx/model_quantized.onnx} or {@code onnx/model_int8.onnx}:
 *       the graph and its weights
 *   <li>{@code neuron/manifest.json}: the compiled models
 *   <li>{@value ModelOverrides#FILE}: facts that the others do not state, or state wrongly
 * </ul>
 *
 * <p>A wrong pooling or prefix gives plausible but wrong vectors without an error. Therefore
 * nothing is guessed: a directory that does not state them is rejected, unless {@link
 * ModelOverrides} do.
 *
 * <p>All files except the model files are read when the directory is opened, and are checked
 * against each other. Immutable and thread-safe.
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
   * Opens a directory that states everything about its model.
   *
   * @throws ModelLoadException if a file is missing, corrupt or contradicts another, or pooling,
   *     normalisation or prefixes are not stated; the message names the file and what to do
   */
  public static ModelDirectory open(Path folder) {
    return open(folder, ModelOverrides.NONE);
  }

  /**
   * Opens a directory, with explicit values for facts that it, including its {@value
   * ModelOverrides#FILE}, does not state or states wrongly.
   *
   * @throws ModelLoadException if a file is missing, corrupt or contradicts another, or pooling,
   *     normalisation or prefixes are stated neither there nor here; the message names the file and
   *     what to do
   */
  public static ModelDirectory open(Path folder, ModelOverrides overrides) {
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(overrides, "overrides");
    Path absolute = requireFolder(folder);
    return new ModelDirectory(absolute, overrides.or(ModelOverrides.read(absolute)));
  }

  /** The absolute path of an existing folder. */
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

  /** The folder of its Transformer, with the facts that it states. */
  public TransformerDirectory transformer() {
    return transformer;
  }

  /** The explicit name, or the folder's own name. */
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

  /**
   * The maximum number of tokens of a text, including special tokens and the input type's prefix.
   */
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

  /** Whether texts are converted to lower case, whatever the tokenizer does. */
  public boolean lowercases() {
    return transformer.lowercases();
  }

  /**
   * Whether the tokenizer puts padding before a text ({@code padding_side}). Here padding is always
   * put after a text: token vectors do not depend on it, because the mask hides it and a text's
   * first token has the first position. A graph that pools by itself may take the last token of a
   * row instead of the text's last token, so such texts must not be padded at all.
   */
  public boolean padsLeft() {
    return transformer.padsLeft();
  }

  /** The file of the tokenizer's definition; opening the tokenizer shows whether it exists. */
  public Path tokenizerFile() {
    return transformer.tokenizerFile();
  }

  /** The types of weights, float32 or 8-bit, for which there is an ONNX file; may be empty. */
  public Set<Precision> onnxPrecisions() {
    return transformer.onnxPrecisions();
  }

  /**
   * The ONNX file that ONNX Runtime uses for a precision.
   *
   * @throws ModelLoadException if there is none, or it is not a complete ONNX model
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

  /** The prefix of a text of that type; empty for none. */
  public String prefix(InputType type) {
    return switch (type) {
      case QUERY -> prompts.query();
      case PASSAGE -> prompts.passage();
    };
  }

  /** The file with the list of compiled models; it may not exist. */
  public Path neuronManifestFile() {
    return folder.resolve("neuron").resolve("manifest.json");
  }

  /** Name and folder. */
  @Override
  public String toString() {
    return "%s (%s)".formatted(name(), folder);
  }
}
