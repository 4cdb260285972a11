package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.TransformerDirectory;
import io.github.neuronembed.model.graph.PreparedGraphCache;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Describes a reranker, which runs on ONNX Runtime. Not thread-safe. */
public final class RerankerBuilder {

  private static final Logger LOG = LoggerFactory.getLogger(Reranker.class);

  private @Nullable CrossEncoderDirectory model;
  private Precision precision = Precision.FP32;
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
   * What is computed with: {@link Precision#FP32}, which is the default and what {@link
   * Precision#EXACT} means here, or {@link Precision#INT8}.
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
   * What happens to a pair of more than {@link Reranker#maxTokens()}; by default {@link
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

  /** Changes the engine's options, which begin with what suits the backend. */
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
   * @throws BackendUnavailableException if ONNX Runtime is not usable on this machine
   */
  public Reranker build() {
    if (model == null) {
      throw new IllegalStateException(
          "No model given: call model(CrossEncoderDirectory.open(path)).");
    }
    TransformerDirectory transformer = model.transformer();
    PairTokenizer tokenizer = PairTokenizer.open(model);
    InferenceBackend opened = null;
    try {
      opened =
          OnnxBackend.openCrossEncoder(
              preparedGraph
                  ? PreparedGraphCache.ofUser().fileFor(model, precision)
                  : transformer.onnxFile(precision),
              transformer.padTokenId(),
              OnnxOptions.forModel(model.maxTokens(), precision));
      boolean squashed = sigmoid != null ? sigmoid : model.sigmoid();
      LOG.info(
          "{} on {}, scores are {}.",
          model.name(),
          opened.description(),
          squashed ? "sigmoids" : "logits");
      EngineOptions.Builder options =
          EngineOptions.builder().slotsPerReplica(opened.slotsPerReplica());
      engine.accept(options);
      return new Reranker(
          model,
          tokenizer,
          opened,
          EmbeddingEngine.start(
              opened,
              // The graph gives one number a row, which is read as it is.
              new VectorReader(PoolingStrategy.CLS, false),
              transformer.vocabularySize(),
              options.build()),
          truncation,
          squashed);
    } catch (RuntimeException | Error e) {
      if (opened != null) {
        TextEmbedderBuilder.closeAfter(e, opened::close);
      }
      TextEmbedderBuilder.closeAfter(e, tokenizer::close);
      throw e;
    }
  }
}
