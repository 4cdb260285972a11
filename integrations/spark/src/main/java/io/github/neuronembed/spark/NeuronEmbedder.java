package io.github.neuronembed.spark;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * A stage of an ML pipeline that embeds a column of texts: {@link NeuronEmbed#column} with
 * parameters, which are saved and loaded with the pipeline. Only the path of the model is saved.
 *
 * <p>{@code inputCol}, {@code outputCol} and {@code modelDirectory} are required; the others are
 * those of {@link EmbeddingSettings#ofModel} by default. Not thread-safe while parameters change.
 */
public final class NeuronEmbedder extends Transformer implements DefaultParamsWritable {

  private static final long serialVersionUID = 1L;

  private static final EmbeddingSettings DEFAULTS = EmbeddingSettings.ofModel(".");

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> outputType;
  private final Param<String> modelDirectory;
  private final Param<String> backend;
  private final Param<String> precision;
  private final Param<String> truncation;
  private final Param<String> inputType;
  private final IntParam window;

  /** A new stage. */
  public NeuronEmbedder() {
    this(Identifiable.randomUID("neuronEmbedder"));
  }

  /** A stage with a given id, which Spark uses to copy or load a stage. */
  public NeuronEmbedder(String uid) {
    this.uid = uid;
    inputCol = new Param<>(uid, "inputCol", "column of texts");
    outputCol = new Param<>(uid, "outputCol", "column of vectors, which the stage adds");
    outputType =
        new Param<>(
            uid,
            "outputType",
            "array for array<float>, or vector for Spark ML's vectors",
            ParamValidators.inArray(
                Arrays.stream(VectorKind.values()).map(VectorKind::word).toList()));
    modelDirectory =
        new Param<>(
            uid,
            "modelDirectory",
            "model directory on the executors; a relative path is below the folder of Spark's files");
    backend = choice("backend", "what computes", BackendChoice.values());
    precision = choice("precision", "precision on a CPU", Precision.values());
    truncation = choice("truncation", "truncation of long texts", TruncationPolicy.values());
    inputType = choice("inputType", "input type of the texts", InputType.values());
    window = new IntParam(uid, "window", "rows that a task has in flight", ParamValidators.gtEq(1));
    setDefault(outputType, VectorKind.ARRAY.word());
    setDefault(backend, word(DEFAULTS.backend()));
    setDefault(precision, word(DEFAULTS.precision()));
    setDefault(truncation, word(DEFAULTS.truncation()));
    setDefault(inputType, word(DEFAULTS.inputType()));
    setDefault(window, DEFAULTS.window());
  }

  private Param<String> choice(String name, String doc, Enum<?>[] values) {
    List<String> words = Arrays.stream(values).map(NeuronEmbedder::word).toList();
    return new Param<>(
        uid, name, doc + ": " + String.join(", ", words), ParamValidators.inArray(words));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Reads a stage that was saved. */
  public static MLReader<NeuronEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a stage that was saved. */
  public static NeuronEmbedder load(String path) {
    return read().load(path);
  }

  /** Sets the column of texts. */
  public NeuronEmbedder setInputCol(String name) {
    set(inputCol, name);
    return this;
  }

  /** Sets the name of the column of vectors. */
  public NeuronEmbedder setOutputCol(String name) {
    set(outputCol, name);
    return this;
  }

  /**
   * Sets the type of the vectors: {@code array} ({@code array<float>}) or {@code vector} (Spark
   * ML's).
   */
  public NeuronEmbedder setOutputType(String kind) {
    set(outputType, kind);
    return this;
  }

  /** Sets the model directory, see {@link EmbeddingSettings#model()}. */
  public NeuronEmbedder setModelDirectory(String directory) {
    set(modelDirectory, directory);
    return this;
  }

  /** Sets the window, see {@link EmbeddingSettings#window()}. */
  public NeuronEmbedder setWindow(int rows) {
    set(window, rows);
    return this;
  }

  /** Sets the backend. */
  public NeuronEmbedder setBackend(BackendChoice choice) {
    set(backend, word(choice));
    return this;
  }

  /** Sets the precision on a CPU. */
  public NeuronEmbedder setPrecision(Precision choice) {
    set(precision, word(choice));
    return this;
  }

  /** Sets the policy for a text that is too long. */
  public NeuronEmbedder setTruncation(TruncationPolicy policy) {
    set(truncation, word(policy));
    return this;
  }

  /** Sets whether the texts are passages or queries. */
  public NeuronEmbedder setInputType(InputType type) {
    set(inputType, word(type));
    return this;
  }

  /** The parameter of the column of texts. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** The parameter of the column of vectors. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** The parameter of the kind of vectors. */
  public Param<String> outputType() {
    return outputType;
  }

  /** The parameter of the model directory. */
  public Param<String> modelDirectory() {
    return modelDirectory;
  }

  /** The parameter of the backend. */
  public Param<String> backend() {
    return backend;
  }

  /** The parameter of the precision. */
  public Param<String> precision() {
    return precision;
  }

  /** The parameter of the truncation. */
  public Param<String> truncation() {
    return truncation;
  }

  /** The parameter of the type of the texts. */
  public Param<String> inputType() {
    return inputType;
  }

  /** The parameter of the window. */
  public IntParam window() {
    return window;
  }

  /** The settings of these parameters. */
  public EmbeddingSettings settings() {
    return new EmbeddingSettings(
        getOrDefault(modelDirectory),
        BackendChoice.valueOf(upper(backend)),
        Precision.valueOf(upper(precision)),
        TruncationPolicy.valueOf(upper(truncation)),
        InputType.valueOf(upper(inputType)),
        (Integer) getOrDefault(window));
  }

  private String upper(Param<String> param) {
    return getOrDefault(param).toUpperCase(Locale.ROOT);
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    return NeuronEmbed.embed(
        dataset, getOrDefault(inputCol), getOrDefault(outputCol), kind(), settings());
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return kind().append(schema, getOrDefault(inputCol), getOrDefault(outputCol));
  }

  private VectorKind kind() {
    return VectorKind.named(getOrDefault(outputType));
  }

  @Override
  public NeuronEmbedder copy(ParamMap extra) {
    return defaultCopy(extra);
  }
}
