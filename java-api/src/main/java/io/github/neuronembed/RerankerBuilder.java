package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds a reranker. Not thread-safe. */
public final class RerankerBuilder {

  private static final Logger LOG = LoggerFactory.getLogger(Reranker.class);

  private @Nullable CrossEncoderDirectory model;
  private Precision precision = Precision.FP32;
  private BackendChoice backend = BackendChoice.AUTO;
  private VisibleCores visibleCores = VisibleCores.ANY;
  private boolean preparedGraph = true;
  private TruncationPolicy truncation = TruncationPolicy.TRUNCATE;
  private @Nullable Boolean sigmoid;
  private Consumer<EngineOptions.Builder> engine = options -> {};

  RerankerBuilder() {}

  /** The model; required. */
  public RerankerBuilder model(CrossEncoderDirectory directory) {
    this.model = directory;
    return this;
  }

  /**
   * The backend; {@link BackendChoice#AUTO} by default: NeuronCores if the machine has them and the
   * model is compiled for them, else ONNX Runtime. {@link BackendChoice#CPU} computes no scores.
   */
  public RerankerBuilder backend(BackendChoice choice) {
    this.backend = choice;
    return this;
  }

  /**
   * Which NeuronCores of the instance this process owns, see {@link
   * TextEmbedderBuilder#visibleCores}. A process can use NeuronCores with one embedder or reranker
   * at a time: a second one is rejected, or with {@link BackendChoice#AUTO} runs on the CPU.
   *
   * @throws IllegalArgumentException if it is not an index, range or list of them
   */
  public RerankerBuilder visibleCores(String cores) {
    this.visibleCores = VisibleCores.parse(cores);
    return this;
  }

  /**
   * The precision on a CPU: {@link Precision#FP32}, which is the default and the meaning of {@link
   * Precision#EXACT} here, or {@link Precision#INT8}.
   */
  public RerankerBuilder precision(Precision choice) {
    this.precision = choice;
    return this;
  }

  /**
   * Whether the model's graph is rewritten for speed where it is recognised, which is the default;
   * see {@link io.github.neuronembed.model.graph.PreparedGraph}.
   */
  public RerankerBuilder preparedGraph(boolean prepared) {
    this.preparedGraph = prepared;
    return this;
  }

  /**
   * The policy for a pair of more than {@link Reranker#maxTokens()}; by default {@link
   * TruncationPolicy#TRUNCATE}.
   */
  public RerankerBuilder truncation(TruncationPolicy policy) {
    this.truncation = policy;
    return this;
  }

  /**
   * Whether a score is the sigmoid of the logit, 0 to 1, or the logit itself; the order is the
   * same. By default as the model directory states, see {@link CrossEncoderDirectory}.
   */
  public RerankerBuilder sigmoid(boolean choice) {
    this.sigmoid = choice;
    return this;
  }

  /** Changes the engine's options, whose defaults suit the backend. */
  public RerankerBuilder engine(Consumer<EngineOptions.Builder> changes) {
    this.engine = changes;
    return this;
  }

  /**
   * Loads the model and starts the engine.
   *
   * @return a new reranker, owned by the caller
   * @throws IllegalStateException if no model was given
   * @throws ModelLoadException if the model cannot be served
   * @throws BackendUnavailableException if the backend is not available on this machine, or in use
   *     by another embedder or reranker
   */
  public Reranker build() {
    if (model == null) {
      throw new IllegalStateException(
          "No model given: call model(CrossEncoderDirectory.open(path)).");
    }
    PairTokenizer tokenizer = PairTokenizer.open(model);
    InferenceBackend opened = null;
    try {
      BackendSelection selection =
          BackendSelection.open(
              model, backend, new CpuExecution(precision, preparedGraph, 1), visibleCores);
      opened = selection.backend();
      boolean squashed = sigmoid != null ? sigmoid : model.sigmoid();
      LOG.info(
          "{} on {}, scores are {}. {}",
          model.name(),
          opened.description(),
          squashed ? "sigmoids" : "logits",
          selection.reason());
      int longest = RunningModel.longestRow(opened);
      if (longest < model.maxTokens()) {
        LOG.warn(
            "The longest shape compiled is of {} tokens, and {} takes {}: longer pairs are cut"
                + " there, or refused. Compile a longer one.",
            longest,
            model.name(),
            model.maxTokens());
        tokenizer.close();
        tokenizer = PairTokenizer.open(model, longest);
      }
      return new Reranker(
          model,
          tokenizer,
          opened,
          RunningModel.start(
              opened,
              // The graph returns one number per row, which is read unchanged.
              new VectorReader(PoolingStrategy.CLS, false),
              model.transformer().vocabularySize(),
              engine),
          truncation,
          squashed);
    } catch (RuntimeException | Error e) {
      if (opened != null) {
        RunningModel.closeAfter(e, opened::close);
      }
      RunningModel.closeAfter(e, tokenizer::close);
      throw e;
    }
  }
}
