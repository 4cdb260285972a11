package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.EngineSnapshot;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.BufferOverflowException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns texts into vectors with one model.
 *
 * <pre>{@code
 * try (TextEmbedder embedder =
 *     TextEmbedder.builder().model(ModelDirectory.open(path)).build()) {
 *   float[] query = embedder.embedQuery("how do I ...");
 *   List<float[]> passages = embedder.embedPassages(texts);
 * }
 * }</pre>
 *
 * <p>A vector does not depend on the other texts of a call, on what else is going on or, up to
 * {@link #maxTokens()}, on the backend. Vectors of a model that normalises have length 1, so that a
 * dot product is the cosine.
 *
 * <p>Thread-safe; one embedder serves the whole process. It is made once and closed at the end. The
 * text is tokenized on the calling thread, and never logged. Unpaired surrogates in a text count as
 * U+FFFD.
 *
 * <p>Every method that takes a text throws {@link TextTooLongException} if it would be cut under
 * {@link TruncationPolicy#STRICT}, and {@link IllegalStateException} after {@link #close()}. Those
 * that embed it throw {@link InferenceException} or {@link DeviceFailureException} when the
 * execution failed, and, in the interactive lane, {@link EngineOverloadedException} when too much
 * is waiting already. Bulk work waits for room instead, as lists and iterators do unless told
 * otherwise.
 */
public final class TextEmbedder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TextEmbedder.class);

  private final ModelDirectory model;
  private final TextTokenizer tokenizer;
  private final InferenceBackend backend;
  private final EmbeddingEngine engine;
  private final TruncationPolicy truncation;
  private final String backendReason;

  private TextEmbedder(
      ModelDirectory model,
      TextTokenizer tokenizer,
      InferenceBackend backend,
      EmbeddingEngine engine,
      TruncationPolicy truncation,
      String backendReason) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.backend = backend;
    this.engine = engine;
    this.truncation = truncation;
    this.backendReason = backendReason;
  }

  /** Starts the description of an embedder; only the model is required. */
  public static Builder builder() {
    return new Builder();
  }

  /** Embeds what is searched for: the model's query prefix is put before it. */
  public float[] embedQuery(String text) {
    return embed(text, InputType.QUERY);
  }

  /** Embeds what is to be found. */
  public float[] embedPassage(String text) {
    return embed(text, InputType.PASSAGE);
  }

  /** Embeds what is to be found; the result has a vector for each text, in their order. */
  public List<float[]> embedPassages(List<String> texts) {
    return embed(texts, InputType.PASSAGE);
  }

  /**
   * Embeds one text.
   *
   * @return a new vector of {@link #dimension()} elements
   */
  public float[] embed(String text, InputType type) {
    return embed(text, type, RequestOptions.INTERACTIVE);
  }

  /**
   * Embeds one text.
   *
   * @return a new vector of {@link #dimension()} elements
   * @throws DeadlineExceededException if the options' deadline passed before the execution began
   */
  public float[] embed(String text, InputType type, RequestOptions options) {
    return engine.embed(tokenize(text, type, truncation), options);
  }

  /**
   * Embeds texts, however many: a long list waits for room in the engine instead of being refused.
   *
   * @return a new vector for each text, in their order
   */
  public List<float[]> embed(List<String> texts, InputType type) {
    return embed(texts, type, RequestOptions.BULK);
  }

  /**
   * Embeds texts.
   *
   * @return a new vector for each text, in their order
   * @throws DeadlineExceededException if the options' deadline passed before the last execution
   */
  public List<float[]> embed(List<String> texts, InputType type, RequestOptions options) {
    return engine.embedAll(tokenize(texts, type), options);
  }

  /**
   * Embeds texts into memory of the caller's: {@code texts.size() * dimension()} values from the
   * destination's position on, which moves behind them. On an exception the destination is as it
   * was.
   *
   * @throws BufferOverflowException if the destination has less room
   */
  public void embed(List<String> texts, InputType type, FloatBuffer destination) {
    if (destination.remaining() < (long) texts.size() * dimension()) {
      throw new BufferOverflowException();
    }
    embed(texts, type).forEach(destination::put);
  }

  /**
   * Embeds what is to be found, however much, in bounded memory: as many texts and vectors are held
   * as {@link EngineOptions#maxQueuedRequests()} says. Runs in the bulk lane.
   *
   * @param texts drawn from on the calling thread, as there is room
   * @param vectors receives a new vector for each text, in their order, on the calling thread
   * @return how many texts there were
   * @throws InferenceException the first text's that failed; later ones are withdrawn. So are they
   *     when the source or the consumer throws
   * @throws TextTooLongException under {@link TruncationPolicy#STRICT}; its index counts the texts
   *     drawn
   */
  public long embedPassages(Iterator<String> texts, Consumer<float[]> vectors) {
    Iterator<int[]> tokens =
        new Iterator<>() {
          private int index;

          @Override
          public boolean hasNext() {
            return texts.hasNext();
          }

          @Override
          public int[] next() {
            return tokenize(index++, texts.next(), InputType.PASSAGE, truncation);
          }
        };
    return engine.embedStream(tokens, vectors);
  }

  /**
   * Executes every shape on every core once, so that no request pays for what happens only the
   * first time. Waits for slots that are in use.
   *
   * @throws InferenceException if an execution failed
   * @throws DeviceFailureException if a core failed; it leaves the rotation
   */
  public void warmUp() {
    engine.warmUp();
  }

  /**
   * Embeds one text without waiting for it. It is tokenized on the calling thread; nothing else
   * holds that up. Cancelling the future withdraws the request if it has not begun.
   *
   * @return fails with what {@link #embed(String, InputType)} throws as an {@link
   *     EmbeddingException}, a refusal too; what is wrong with the text is thrown at once
   */
  public CompletableFuture<float[]> embedAsync(String text, InputType type) {
    return embedAsync(text, type, RequestOptions.INTERACTIVE);
  }

  /**
   * Embeds one text without waiting for it, see {@link #embedAsync(String, InputType)}. With {@link
   * RequestOptions#BULK} the call blocks while the engine has no room; {@link
   * RequestOptions#withoutWaiting()} never blocks, and the future then fails with an {@link
   * EngineOverloadedException}.
   */
  public CompletableFuture<float[]> embedAsync(
      String text, InputType type, RequestOptions options) {
    return engine.submit(tokenize(text, type, truncation), options);
  }

  /**
   * The token ids of a text, cut or refused as this embedder does, for callers that count tokens or
   * keep ids: {@link #embedTokens(int[], RequestOptions)} and its kin embed them.
   *
   * @return a new array of at most {@link #maxTokens()} ids, special tokens and the type's prefix
   *     included
   */
  public int[] tokenize(String text, InputType type) {
    return tokenize(0, text, type, truncation);
  }

  /**
   * The token ids of texts, see {@link #tokenize(String, InputType)}.
   *
   * @return a new array for each text, in their order
   */
  public List<int[]> tokenize(List<String> texts, InputType type) {
    List<int[]> tokenIds = new ArrayList<>(texts.size());
    for (String text : texts) {
      tokenIds.add(tokenize(tokenIds.size(), text, type, truncation));
    }
    return tokenIds;
  }

  /**
   * The token ids of a text, for callers that choose a policy for each call, see {@link
   * #tokenize(String, InputType)}.
   *
   * @return a new array of at most {@link #maxTokens()} ids, special tokens and the type's prefix
   *     included
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   */
  public int[] tokenize(String text, InputType type, TruncationPolicy policy) {
    return tokenize(0, text, type, policy);
  }

  private int[] tokenize(int index, String text, InputType type, TruncationPolicy policy) {
    long start = System.nanoTime();
    int[] tokenIds = tokenizer.encode(index, text, type, policy);
    engine.tokenized(System.nanoTime() - start);
    return tokenIds;
  }

  /**
   * Makes ids that were counted or cut elsewhere ready for {@link #embedTokens(int[],
   * RequestOptions)} and its kin: the model's special tokens are put around them unless they are
   * there. An input type's prefix is not.
   *
   * @param tokenIds ids of the model's own tokenizer; only read
   * @return a new array of at most {@link #maxTokens()} ids
   * @throws TextTooLongException if there are more tokens, and the policy is strict
   */
  public int[] withSpecialTokens(int[] tokenIds, TruncationPolicy policy) {
    return tokenizer.withSpecialTokens(tokenIds, policy);
  }

  /**
   * Embeds a text's token ids, see {@link #embed(String, InputType, RequestOptions)}.
   *
   * @param tokenIds what {@code tokenize} or {@link #withSpecialTokens} gave; copied
   * @return a new vector of {@link #dimension()} elements
   * @throws IllegalArgumentException if there are none, too many, or one is not of the vocabulary
   */
  public float[] embedTokens(int[] tokenIds, RequestOptions options) {
    return engine.embed(tokenIds, options);
  }

  /**
   * Embeds the token ids of texts, see {@link #embed(List, InputType, RequestOptions)}.
   *
   * @param tokenIds of each text, as in {@link #embedTokens(int[], RequestOptions)}
   * @return a new vector for each text, in their order
   */
  public List<float[]> embedTokens(List<int[]> tokenIds, RequestOptions options) {
    return engine.embedAll(tokenIds, options);
  }

  /**
   * Embeds the token ids of texts without waiting, see {@link #embedAsync(String, InputType,
   * RequestOptions)}. When one fails, the others are withdrawn, and the future fails with its
   * failure.
   *
   * @param tokenIds of each text, as in {@link #embedTokens(int[], RequestOptions)}
   * @return a new vector for each text, in their order
   */
  public CompletableFuture<List<float[]>> embedTokensAsync(
      List<int[]> tokenIds, RequestOptions options) {
    return engine.submitAll(tokenIds, options);
  }

  /**
   * Embeds a text's token ids without waiting, see {@link #embedAsync(String, InputType,
   * RequestOptions)}.
   *
   * @param tokenIds what {@code tokenize} or {@link #withSpecialTokens} gave; copied
   * @throws IllegalArgumentException if there are none, too many, or one is not of the vocabulary
   */
  public CompletableFuture<float[]> embedTokensAsync(int[] tokenIds, RequestOptions options) {
    return engine.submit(tokenIds, options);
  }

  /**
   * Counts the tokens that a text comes to, special tokens and the type's prefix included, before
   * any truncation.
   */
  public int countTokens(String text, InputType type) {
    return tokenizer.countTokens(text, type);
  }

  /** Length of a vector. */
  public int dimension() {
    return backend.hiddenSize();
  }

  /**
   * The most tokens of a text, special tokens included: what the model takes, or less where no
   * shape of that length was compiled.
   */
  public int maxTokens() {
    return tokenizer.maxTokens();
  }

  /** The model's name, for example {@code bge-small-en-v1.5}. */
  public String modelName() {
    return model.name();
  }

  /** For people: what computes, its version and where. */
  public String backend() {
    return backend.description();
  }

  /** For people: why this backend computes and no other, in a sentence. */
  public String backendReason() {
    return backendReason;
  }

  /** Whether the device is an emulation: nothing measured on it says anything about a device. */
  public boolean isEmulated() {
    return backend.emulated();
  }

  /** Whether all, some or none of the cores serve, and why. */
  public EngineHealth health() {
    return engine.health();
  }

  /** What the engine has done so far. */
  public EngineSnapshot snapshot() {
    return engine.snapshot();
  }

  /**
   * Lets accepted requests end, within the engine's close timeout, and frees everything. Does
   * nothing when it is closed already.
   */
  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      tokenizer.close();
    }
  }

  /** Describes an embedder. Not thread-safe. */
  public static final class Builder {

    private @Nullable ModelDirectory model;
    private BackendChoice backend = BackendChoice.AUTO;
    private @Nullable InferenceBackend given;
    private Precision precision = Precision.FP32;
    private boolean preparedGraph = true;
    private VisibleCores visibleCores = VisibleCores.ANY;
    private TruncationPolicy truncation = TruncationPolicy.TRUNCATE;
    private Consumer<EngineOptions.Builder> engine = options -> {};

    private Builder() {}

    /** The model; required. */
    public Builder model(ModelDirectory directory) {
      this.model = directory;
      return this;
    }

    /** What computes; {@link BackendChoice#AUTO} unless told. */
    public Builder backend(BackendChoice choice) {
      this.backend = choice;
      this.given = null;
      return this;
    }

    /**
     * What computes, made by the caller: one of this project's with options of its own, or another
     * implementation of the contract. {@link #precision}, {@link #preparedGraph} and {@link
     * #visibleCores} say nothing about it.
     *
     * @param open the embedder's when {@link #build()} returns, which closes it with itself; the
     *     caller's if {@link #build()} throws. One embedder has it
     */
    public Builder backend(InferenceBackend open) {
      this.given = open;
      return this;
    }

    /** Which of the directory's ONNX files serves; {@link Precision#FP32} unless told. */
    public Builder precision(Precision choice) {
      this.precision = choice;
      return this;
    }

    /**
     * Whether ONNX Runtime runs the model in fused operators, for less work; true unless told.
     * Float32 vectors stay the same (cosine of 0.99999 and more), int8 vectors as near to those of
     * float32 as they were. The rewritten file is made at first use and kept in {@link
     * io.github.neuronembed.model.CacheFolder}. A model that cannot be rewritten, or not kept, is
     * run as it is, and the log says so.
     */
    public Builder preparedGraph(boolean prepared) {
      this.preparedGraph = prepared;
      return this;
    }

    /**
     * Which NeuronCores of the instance this process owns, for processes that share them: an index,
     * a range or a list of ascending indexes without gaps ({@code "3"}, {@code "0-1"}, {@code
     * "4,5,6"}). Unless told, or with an empty string, {@code NEURON_RT_VISIBLE_CORES} and {@code
     * NEURON_RT_NUM_CORES} of the environment decide, and without them the process owns all cores.
     * ONNX Runtime does not heed it; the emulator has as many cores as what is given here takes,
     * two at least, but two alone for what the environment says, unless its own configuration says
     * more.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public Builder visibleCores(String cores) {
      this.visibleCores = VisibleCores.parse(cores);
      return this;
    }

    /**
     * What happens to a text of more than {@link TextEmbedder#maxTokens()}; {@link
     * TruncationPolicy#TRUNCATE} unless told.
     */
    public Builder truncation(TruncationPolicy policy) {
      this.truncation = policy;
      return this;
    }

    /** Changes the engine's options, which begin with what suits the backend. */
    public Builder engine(Consumer<EngineOptions.Builder> changes) {
      this.engine = changes;
      return this;
    }

    /**
     * Loads the model and starts the engine.
     *
     * <p>A process has NeuronCores, emulated ones too, once: a second embedder on them is refused
     * until the first is closed, or with {@link BackendChoice#AUTO} runs on ONNX Runtime.
     *
     * @return a new embedder, owned by the caller
     * @throws IllegalStateException if no model was given
     * @throws ModelLoadException if the model cannot be served
     * @throws BackendUnavailableException if the backend is not available on this machine, or in
     *     use by another embedder
     */
    public TextEmbedder build() {
      if (model == null) {
        throw new IllegalStateException("No model given: call model(ModelDirectory.open(path)).");
      }
      TextTokenizer tokenizer = TextTokenizer.open(model);
      InferenceBackend opened = null;
      try {
        BackendSelection selection =
            given == null
                ? BackendSelection.open(model, backend, precision, preparedGraph, visibleCores)
                : new BackendSelection(given, "The application gave it.");
        opened = selection.backend();
        LOG.info("{} on {}. {}", model.name(), opened.description(), selection.reason());
        checkHiddenSize(model, opened);
        int longest = longest(opened);
        if (longest < model.maxTokens()) {
          LOG.warn(
              "The longest shape compiled is of {} tokens, and {} takes {}: longer texts are cut"
                  + " there, or refused. Compile a longer one.",
              longest,
              model.name(),
              model.maxTokens());
          tokenizer.close();
          tokenizer = TextTokenizer.open(model, longest);
        }
        EngineOptions.Builder options =
            EngineOptions.builder().slotsPerReplica(opened.slotsPerReplica());
        engine.accept(options);
        return new TextEmbedder(
            model,
            tokenizer,
            opened,
            EmbeddingEngine.start(
                opened,
                new VectorReader(model.pooling(), model.normalize()),
                model.vocabularySize(),
                options.build()),
            truncation,
            selection.reason());
      } catch (RuntimeException | Error e) {
        if (opened != null && opened != given) {
          closeAfter(e, opened::close);
        }
        closeAfter(e, tokenizer::close);
        throw e;
      }
    }

    private static void checkHiddenSize(ModelDirectory model, InferenceBackend backend) {
      if (backend.hiddenSize() != model.hiddenSize()) {
        throw new ModelLoadException(
            "%s has vectors of %s numbers by its config.json, and %s gives %s: the files are not of one model."
                .formatted(model, model.hiddenSize(), backend.description(), backend.hiddenSize()));
      }
    }

    private static int longest(InferenceBackend backend) {
      return backend.shapes().stream().mapToInt(Shape::sequenceLength).max().orElseThrow();
    }

    private static void closeAfter(Throwable failure, Runnable close) {
      try {
        close.run();
      } catch (RuntimeException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
