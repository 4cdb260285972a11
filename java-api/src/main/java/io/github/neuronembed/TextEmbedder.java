package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.BufferOverflowException;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

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
 * <p>A vector does not depend on the other texts of a call, on other calls or, up to {@link
 * #maxTokens()}, on the backend. Vectors of a model that normalises have length 1, so that a dot
 * product is the cosine.
 *
 * <p>Thread-safe; create one embedder for the whole process and close it at the end. The text is
 * tokenized on the calling thread, and never logged. Unpaired surrogates in a text count as U+FFFD.
 *
 * <p>Every method that takes a text throws {@link TextTooLongException} if it would be cut under
 * {@link TruncationPolicy#STRICT}, and {@link IllegalStateException} after {@link #close()}. Those
 * that embed it throw {@link InferenceException} or {@link DeviceFailureException} when the
 * execution failed, and, in the interactive lane, {@link EngineOverloadedException} when the queue
 * is full. Bulk work waits for space in the queue instead; lists and iterators do so by default.
 *
 * <p>A text of more than {@link #maxTokens()} is truncated under {@link TruncationPolicy#TRUNCATE}.
 * Plain arrays do not show this. The methods {@code embedAndCount} report it for each text; for
 * this they tokenize the whole text. {@link io.github.neuronembed.engine.EngineListener#truncated}
 * counts both cases.
 */
public final class TextEmbedder extends RunningModel {

  private final TextTokenizer tokenizer;
  private final EngineTokenizer tokens;
  private final TruncationPolicy truncation;
  private final VectorLength length;
  private final String backendReason;

  TextEmbedder(
      ModelDirectory model,
      TextTokenizer tokenizer,
      InferenceBackend backend,
      EmbeddingEngine engine,
      TruncationPolicy truncation,
      int dimension,
      String backendReason) {
    super(model.name(), backend, engine, tokenizer::close);
    this.tokenizer = tokenizer;
    this.tokens = new EngineTokenizer(tokenizer, engine);
    this.truncation = truncation;
    this.length = VectorLength.of(model, dimension);
    this.backendReason = backendReason;
  }

  /** A builder of an embedder; only the model is required. */
  public static TextEmbedderBuilder builder() {
    return new TextEmbedderBuilder();
  }

  /** Embeds a text to search for: the model's query prefix is put before it. */
  public float[] embedQuery(String text) {
    return embed(text, InputType.QUERY);
  }

  /** Embeds a text to be found. */
  public float[] embedPassage(String text) {
    return embed(text, InputType.PASSAGE);
  }

  /** Embeds texts to be found; the result has a vector for each text, in their order. */
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
    return embedTokens(tokenize(text, type), options);
  }

  /**
   * Embeds one text, and reports its number of tokens and whether it was truncated.
   *
   * @throws DeadlineExceededException if the options' deadline passed before the execution began
   */
  public EmbeddedText embedAndCount(String text, InputType type, RequestOptions options) {
    TokenizedText tokenized = tokenizeText(text, type, truncation, true);
    return embedded(tokenized, engine.embed(tokenized.ids(), options));
  }

  /**
   * Embeds any number of texts: a long list waits for space in the engine's queue instead of being
   * rejected.
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
    return embedTokens(tokenize(texts, type), options);
  }

  /**
   * Embeds texts, and reports for each its number of tokens and whether it was truncated.
   *
   * @return a result for each text, in their order
   * @throws DeadlineExceededException if the options' deadline passed before the last execution
   */
  public List<EmbeddedText> embedAndCount(
      List<String> texts, InputType type, RequestOptions options) {
    List<TokenizedText> tokenized = tokens.texts(texts, type, truncation, true);
    List<float[]> vectors = engine.embedAll(ids(tokenized), options);
    List<EmbeddedText> embedded = new ArrayList<>(vectors.size());
    for (float[] vector : vectors) {
      embedded.add(embedded(tokenized.get(embedded.size()), vector));
    }
    return embedded;
  }

  /**
   * Embeds texts into the caller's memory: {@code texts.size() * dimension()} values from the
   * destination's position on, which moves to their end. On an exception the destination is
   * unchanged.
   *
   * @throws BufferOverflowException if the destination has too little space
   */
  public void embed(List<String> texts, InputType type, FloatBuffer destination) {
    if (destination.remaining() < (long) texts.size() * dimension()) {
      throw new BufferOverflowException();
    }
    embed(texts, type).forEach(destination::put);
  }

  /**
   * Embeds any number of texts to be found, in bounded memory: at most {@link
   * EngineOptions#maxQueuedRequests()} texts and vectors are held. Runs in the bulk lane.
   *
   * @param texts read on the calling thread, as the queue has space
   * @param vectors receives a new vector for each text, in their order, on the calling thread
   * @return how many texts there were
   * @throws InferenceException of the first text that failed; later texts are withdrawn, also if
   *     the source or the consumer throws
   * @throws TextTooLongException under {@link TruncationPolicy#STRICT}; its index counts the texts
   *     that were read
   */
  public long embedPassages(Iterator<String> texts, Consumer<float[]> vectors) {
    return engine.embedStream(
        tokens.ids(texts, InputType.PASSAGE, truncation, false, tokenized -> {}),
        vector -> vectors.accept(length.apply(vector)));
  }

  /**
   * Embeds any number of texts, as {@link #embedPassages(Iterator, Consumer)} does, and reports for
   * each its number of tokens and whether it was truncated.
   *
   * @param texts read on the calling thread, as the queue has space
   * @param results receives a result for each text, in their order, on the calling thread
   * @return how many texts there were
   */
  public long embedAndCount(
      Iterator<String> texts, InputType type, Consumer<EmbeddedText> results) {
    Deque<TokenizedText> inFlight = new ArrayDeque<>();
    return engine.embedStream(
        tokens.ids(texts, type, truncation, true, inFlight::add),
        vector -> results.accept(embedded(inFlight.remove(), vector)));
  }

  /**
   * Embeds one text without waiting for it. It is tokenized on the calling thread, which does not
   * block otherwise. Cancelling the future withdraws the request if it has not begun.
   *
   * @return fails with what {@link #embed(String, InputType)} throws as an {@link
   *     EmbeddingException}, including a rejection; an invalid text is thrown at once
   */
  public CompletableFuture<float[]> embedAsync(String text, InputType type) {
    return embedAsync(text, type, RequestOptions.INTERACTIVE);
  }

  /**
   * Embeds one text without waiting for it, see {@link #embedAsync(String, InputType)}. With {@link
   * RequestOptions#BULK} the call blocks while the engine's queue is full; {@link
   * RequestOptions#withoutWaiting()} never blocks, and the future then fails with an {@link
   * EngineOverloadedException}.
   */
  public CompletableFuture<float[]> embedAsync(
      String text, InputType type, RequestOptions options) {
    return embedTokensAsync(tokenize(text, type), options);
  }

  /**
   * Embeds one text without waiting for it, see {@link #embedAsync(String, InputType,
   * RequestOptions)}, and reports its number of tokens and whether it was truncated.
   */
  public CompletableFuture<EmbeddedText> embedAndCountAsync(
      String text, InputType type, RequestOptions options) {
    TokenizedText tokenized = tokenizeText(text, type, truncation, true);
    return ResultFuture.of(
        engine.submit(tokenized.ids(), options), vector -> embedded(tokenized, vector));
  }

  /**
   * The token ids of a text, truncated or rejected by this embedder's policy, for callers that
   * count tokens or keep ids. {@link #embedTokens(int[], RequestOptions)} and similar methods embed
   * them.
   *
   * @return a new array of at most {@link #maxTokens()} ids, special tokens and the type's prefix
   *     included
   */
  public int[] tokenize(String text, InputType type) {
    return tokenize(text, type, truncation);
  }

  /**
   * The token ids of texts, see {@link #tokenize(String, InputType)}.
   *
   * @return a new array for each text, in their order
   */
  public List<int[]> tokenize(List<String> texts, InputType type) {
    return ids(tokens.texts(texts, type, truncation, false));
  }

  private static List<int[]> ids(List<TokenizedText> tokenized) {
    List<int[]> ids = new ArrayList<>(tokenized.size());
    tokenized.forEach(text -> ids.add(text.ids()));
    return ids;
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
    return tokenizeText(text, type, policy, false).ids();
  }

  /**
   * The token ids of a text, see {@link #tokenize(String, InputType)}, and whether it was
   * truncated.
   *
   * @param countAll whether all tokens of a truncated text are counted, which takes time in
   *     proportion to its length; if not, its count is one more than the ids
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   */
  public TokenizedText tokenizeText(
      String text, InputType type, TruncationPolicy policy, boolean countAll) {
    return tokens.text(0, text, type, policy, countAll);
  }

  /**
   * Prepares ids that were counted or truncated elsewhere for {@link #embedTokens(int[],
   * RequestOptions)} and similar methods: puts the model's special tokens around them unless they
   * are present. It does not add an input type's prefix.
   *
   * @param tokenIds ids of the model's own tokenizer; only read
   * @return at most {@link #maxTokens()} ids, and how many there were
   * @throws TextTooLongException if there are more tokens, and the policy is strict
   */
  public TokenizedText withSpecialTokens(int[] tokenIds, TruncationPolicy policy) {
    return tokens.withSpecialTokens(tokenIds, policy);
  }

  /**
   * Embeds a text's token ids, see {@link #embed(String, InputType, RequestOptions)}.
   *
   * @param tokenIds what {@code tokenize} or {@link #withSpecialTokens} gave; copied
   * @return a new vector of {@link #dimension()} elements
   * @throws IllegalArgumentException if there are none, too many, or one is not of the vocabulary
   */
  public float[] embedTokens(int[] tokenIds, RequestOptions options) {
    return length.apply(engine.embed(tokenIds, options));
  }

  /**
   * Embeds the token ids of texts, see {@link #embed(List, InputType, RequestOptions)}.
   *
   * @param tokenIds of each text, as in {@link #embedTokens(int[], RequestOptions)}
   * @return a new vector for each text, in their order
   */
  public List<float[]> embedTokens(List<int[]> tokenIds, RequestOptions options) {
    return length.apply(engine.embedAll(tokenIds, options));
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
    return length.allLater(engine.submitAll(tokenIds, options));
  }

  /**
   * Embeds a text's token ids without waiting, see {@link #embedAsync(String, InputType,
   * RequestOptions)}.
   *
   * @param tokenIds what {@code tokenize} or {@link #withSpecialTokens} gave; copied
   * @throws IllegalArgumentException if there are none, too many, or one is not of the vocabulary
   */
  public CompletableFuture<float[]> embedTokensAsync(int[] tokenIds, RequestOptions options) {
    return length.later(engine.submit(tokenIds, options));
  }

  private EmbeddedText embedded(TokenizedText tokenized, float[] vector) {
    return new EmbeddedText(length.apply(vector), tokenized.tokenCount(), tokenized.ids().length);
  }

  /**
   * Counts the tokens of a text, including special tokens and the type's prefix, before any
   * truncation.
   */
  public int countTokens(String text, InputType type) {
    return tokenizer.countTokens(text, type);
  }

  /**
   * The tokens of a text one by one, before any truncation, for callers that show or mark them.
   *
   * @param specialTokens whether the list includes those around the text
   * @return a new list, see {@link TextTokenizer#tokens}
   */
  public List<Token> tokens(String text, InputType type, boolean specialTokens) {
    return tokenizer.tokens(text, type, specialTokens);
  }

  /**
   * Makes a text from token ids, see {@link TextTokenizer#decode}.
   *
   * @throws IllegalArgumentException if an id is not of the vocabulary
   */
  public String decode(int[] tokenIds, boolean skipSpecialTokens) {
    return tokenizer.decode(tokenIds, skipSpecialTokens);
  }

  /**
   * Number of elements of a vector: the model's own, or that of {@link
   * TextEmbedderBuilder#dimensions}.
   */
  public int dimension() {
    return length.dimension();
  }

  /**
   * The maximum number of tokens of a text, including special tokens: the model's limit, or less if
   * no shape of that length was compiled.
   */
  public int maxTokens() {
    return tokenizer.maxTokens();
  }

  /** For people: why this backend was chosen, in one sentence. */
  public String backendReason() {
    return backendReason;
  }

  /** Whether the device is emulated; figures of an emulated device say nothing about a real one. */
  public boolean isEmulated() {
    return backend.emulated();
  }
}
