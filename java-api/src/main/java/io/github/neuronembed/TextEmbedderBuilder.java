package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds an embedder. Not thread-safe. */
public final class TextEmbedderBuilder {

  private static final Logger LOG = LoggerFactory.getLogger(TextEmbedder.class);

  private @Nullable ModelDirectory model;
  private @Nullable Integer dimensions;
  private BackendChoice backend = BackendChoice.AUTO;
  private @Nullable InferenceBackend given;
  private Precision precision = Precision.EXACT;
  private boolean preparedGraph = true;
  private int threadsPerExecution = 1;
  private VisibleCores visibleCores = VisibleCores.ANY;
  private TruncationPolicy truncation = TruncationPolicy.TRUNCATE;
  private Consumer<EngineOptions.Builder> engine = options -> {};

  TextEmbedderBuilder() {}

  /** The model; required. */
  public TextEmbedderBuilder model(ModelDirectory directory) {
    this.model = directory;
    return this;
  }

  /** The backend; {@link BackendChoice#AUTO} by default. */
  public TextEmbedderBuilder backend(BackendChoice choice) {
    this.backend = choice;
    this.given = null;
    return this;
  }

  /**
   * The backend, created by the caller: one of this project's backends with other options, or
   * another implementation of the contract. {@link #precision}, {@link #preparedGraph}, {@link
   * #threadsPerExecution} and {@link #visibleCores} do not apply to it.
   *
   * @param open belongs to the embedder, which closes it, once {@link #build()} returns, and to the
   *     caller if {@link #build()} throws. Only one embedder may use it
   */
  public TextEmbedderBuilder backend(InferenceBackend open) {
    this.given = open;
    return this;
  }

  /**
   * The precision on a CPU; {@link Precision#EXACT} by default. Only ONNX Runtime supports {@link
   * Precision#FP32}. NeuronCores use the precision that the model was compiled with.
   */
  public TextEmbedderBuilder precision(Precision choice) {
    this.precision = choice;
    return this;
  }

  /**
   * Whether ONNX Runtime runs a rewritten, faster graph with fused operators; true by default.
   * Float32 vectors stay the same (cosine of 0.99999 and more); int8 vectors stay as close to those
   * of float32. The rewritten file is made at first use and kept in {@link
   * io.github.neuronembed.model.CacheFolder}. If the model cannot be rewritten, or the file cannot
   * be written, the original graph runs, and the log says so.
   */
  public TextEmbedderBuilder preparedGraph(boolean prepared) {
    this.preparedGraph = prepared;
    return this;
  }

  /**
   * Threads that compute one execution on a CPU, the calling one included; 1 by default. More
   * threads shorten the latency of a long text if few texts are embedded at once, but cost
   * throughput. As many executions run at once as keep all processors busy.
   *
   * @throws IllegalArgumentException if it is not 1 to 256
   */
  public TextEmbedderBuilder threadsPerExecution(int threads) {
    if (threads < 1 || threads > 256) {
      throw new IllegalArgumentException(
          "An execution takes 1 to 256 threads, not %s.".formatted(threads));
    }
    this.threadsPerExecution = threads;
    return this;
  }

  /**
   * Which NeuronCores of the instance this process owns, for processes that share them: an index, a
   * range or a list of ascending indexes without gaps ({@code "3"}, {@code "0-1"}, {@code
   * "4,5,6"}). By default, and with an empty string, {@code NEURON_RT_VISIBLE_CORES} and {@code
   * NEURON_RT_NUM_CORES} of the environment decide, and without them the process owns all cores.
   * ONNX Runtime ignores it. The emulator has as many cores as the value here needs, at least two;
   * for values of the environment it has two, unless its own configuration says more.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public TextEmbedderBuilder visibleCores(String cores) {
    this.visibleCores = VisibleCores.parse(cores);
    return this;
  }

  /**
   * The policy for a text of more than {@link TextEmbedder#maxTokens()}; {@link
   * TruncationPolicy#TRUNCATE} by default.
   */
  public TextEmbedderBuilder truncation(TruncationPolicy policy) {
    this.truncation = policy;
    return this;
  }

  /**
   * The elements of a vector, fewer than the model's own: its first ones, scaled to length 1 again
   * if the model's vectors are. For models that were trained for it, see {@link
   * ModelDirectory#matryoshka()}; by default the model's own.
   */
  public TextEmbedderBuilder dimensions(int elements) {
    this.dimensions = elements;
    return this;
  }

  /** Changes the engine's options, whose defaults suit the backend. */
  public TextEmbedderBuilder engine(Consumer<EngineOptions.Builder> changes) {
    this.engine = changes;
    return this;
  }

  /**
   * Loads the model and starts the engine.
   *
   * <p>A process can use NeuronCores, also emulated ones, with one embedder at a time: a second
   * embedder is rejected until the first is closed, or with {@link BackendChoice#AUTO} runs on the
   * CPU.
   *
   * @return a new embedder, owned by the caller
   * @throws IllegalStateException if no model was given
   * @throws IllegalArgumentException if the model was not trained for the requested dimensions
   * @throws ModelLoadException if the model cannot be served
   * @throws BackendUnavailableException if the backend is not available on this machine, or in use
   *     by another embedder
   */
  public TextEmbedder build() {
    if (model == null) {
      throw new IllegalStateException("No model given: call model(ModelDirectory.open(path)).");
    }
    if (dimensions != null) {
      model.matryoshka().require(dimensions, model.name());
    }
    TextTokenizer tokenizer = TextTokenizer.open(model);
    InferenceBackend opened = null;
    try {
      BackendSelection selection =
          given == null
              ? BackendSelection.open(
                  model,
                  tokenizer,
                  backend,
                  new CpuExecution(precision, preparedGraph, threadsPerExecution),
                  visibleCores)
              : new BackendSelection(given, "The application passed it.");
      opened = selection.backend();
      LOG.info(
          "{} on {}, pooled by {}. {}",
          model.name(),
          opened.description(),
          opened.pools() ? "the graph" : model.pooling(),
          selection.reason());
      checkHiddenSize(model, opened);
      int longest = RunningModel.longestRow(opened);
      if (longest < model.maxTokens()) {
        LOG.warn(
            "The longest compiled shape has {} tokens, but {} takes {}: longer texts"
                + " are truncated there, or rejected. Compile a longer shape.",
            longest,
            model.name(),
            model.maxTokens());
        tokenizer.close();
        tokenizer = TextTokenizer.open(model, longest);
      }
      return new TextEmbedder(
          model,
          tokenizer,
          opened,
          RunningModel.start(
              opened,
              new VectorReader(model.pooling(), model.normalize()),
              model.vocabularySize(),
              engine),
          truncation,
          dimensions == null ? model.dimension() : dimensions,
          selection.reason());
    } catch (RuntimeException | Error e) {
      if (opened != null && opened != given) {
        RunningModel.closeAfter(e, opened::close);
      }
      RunningModel.closeAfter(e, tokenizer::close);
      throw e;
    }
  }

  private static void checkHiddenSize(ModelDirectory model, InferenceBackend backend) {
    int expected = backend.pools() ? model.dimension() : model.hiddenSize();
    if (backend.hiddenSize() != expected) {
      throw new ModelLoadException(
          "%s has vectors of %s numbers by its config.json, and %s gives %s: the files are not of one model."
              .formatted(model, expected, backend.description(), backend.hiddenSize()));
    }
  }
}
