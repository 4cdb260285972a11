package io.github.neuronembed;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Scores how well texts answer a query, with one cross-encoder.
 *
 * <pre>{@code
 * try (Reranker reranker =
 *     Reranker.builder().model(CrossEncoderDirectory.open(path)).build()) {
 *   for (RankedText best : reranker.rank("how do I ...", texts)) {
 *     use(texts.get(best.index()), best.score());
 *   }
 * }
 * }</pre>
 *
 * <p>A score is the model's logit or the sigmoid of it, as the model directory states, unless
 * {@link RerankerBuilder#sigmoid} says otherwise. It does not depend on the other texts of a call
 * or on other calls.
 *
 * <p>Thread-safe; create one reranker for the whole process and close it at the end. Texts are
 * tokenized on the calling thread, the query once, and never logged. A pair with more tokens than
 * {@link #maxTokens()} is cut by the rule of {@link PairTokenizer}.
 *
 * <p>Every method that takes a text throws {@link TextTooLongException} if the pair would be cut
 * under {@link TruncationPolicy#STRICT}, and {@link IllegalStateException} after {@link #close()}.
 * Those that score throw {@link InferenceException} or {@link DeviceFailureException} when the
 * execution failed, and, in the interactive lane, {@link EngineOverloadedException} when the queue
 * is full.
 */
public final class Reranker extends RunningModel {

  private final PairTokenizer tokenizer;
  private final TruncationPolicy truncation;
  private final boolean sigmoid;

  Reranker(
      CrossEncoderDirectory model,
      PairTokenizer tokenizer,
      InferenceBackend backend,
      EmbeddingEngine engine,
      TruncationPolicy truncation,
      boolean sigmoid) {
    super(model.name(), backend, engine, tokenizer::close);
    this.tokenizer = tokenizer;
    this.truncation = truncation;
    this.sigmoid = sigmoid;
  }

  /** A builder of a reranker; only the model is required. */
  public static RerankerBuilder builder() {
    return new RerankerBuilder();
  }

  /** Scores one text, with priority over bulk work. */
  public float score(String query, String text) {
    return score(query, List.of(text), RequestOptions.INTERACTIVE)[0];
  }

  /**
   * Scores any number of texts: a long list waits for space in the engine's queue instead of being
   * rejected.
   *
   * @return a score for each text, in their order
   */
  public float[] score(String query, List<String> texts) {
    return score(query, texts, RequestOptions.BULK);
  }

  /**
   * Scores texts.
   *
   * @return a score for each text, in their order
   * @throws DeadlineExceededException if the options' deadline passed before the last execution
   */
  public float[] score(String query, List<String> texts, RequestOptions options) {
    return scores(engine.computePairs(rows(tokenize(query, texts)), options));
  }

  /**
   * Orders any number of texts by their scores.
   *
   * @return one entry for each text, the best first; equal scores keep the order of the texts
   */
  public List<RankedText> rank(String query, List<String> texts) {
    return ranked(score(query, texts));
  }

  /** Orders scores, the best first; equal scores keep their order. */
  public static List<RankedText> ranked(float[] scores) {
    return IntStream.range(0, scores.length)
        .mapToObj(i -> new RankedText(i, scores[i]))
        .sorted(Comparator.comparingDouble(RankedText::score).reversed())
        .toList();
  }

  /** The sigmoid of a logit, 0 to 1. */
  public static float sigmoid(float logit) {
    return (float) (1 / (1 + Math.exp(-logit)));
  }

  /**
   * The tokens of pairs, for callers that count them or choose a policy: {@link #logitsAsync} takes
   * them.
   *
   * @param countAll whether all tokens of a truncated pair are counted, which takes time in
   *     proportion to its length
   * @return a pair for each text, in their order
   */
  public List<TokenizedPair> tokenize(
      String query, List<String> texts, TruncationPolicy policy, boolean countAll) {
    long start = System.nanoTime();
    PairTokenizer.Query tokens = tokenizer.query(query, policy);
    List<TokenizedPair> pairs = new ArrayList<>(texts.size());
    for (String text : texts) {
      TokenizedPair pair = tokenizer.pair(pairs.size(), tokens, text, countAll);
      pairs.add(pair);
      if (pair.isCut()) {
        engine.truncated();
      }
    }
    engine.tokenized(System.nanoTime() - start);
    return pairs;
  }

  /** The tokens of pairs, truncated or rejected by this reranker's policy. */
  public List<TokenizedPair> tokenize(String query, List<String> texts) {
    return tokenize(query, texts, truncation, false);
  }

  /**
   * The scores of pairs without waiting for them, see {@link #logitsAsync}.
   *
   * @param pairs what {@code tokenize} gave
   * @return a score for each pair, in their order
   */
  public CompletableFuture<float[]> scoreAsync(List<TokenizedPair> pairs, RequestOptions options) {
    return ResultFuture.of(engine.submitPairs(rows(pairs), options), this::scores);
  }

  /**
   * The logits of pairs, whatever this reranker's scores are, without waiting for them. The pairs
   * are admitted or rejected as a whole. With {@link RequestOptions#BULK} the call blocks while the
   * engine's queue is full. Cancelling the future withdraws the pairs that have not begun.
   *
   * @param pairs what {@code tokenize} gave
   * @return a logit for each pair, in their order; fails with what {@link #score(String, List,
   *     RequestOptions)} throws as an {@link EmbeddingException}
   */
  public CompletableFuture<float[]> logitsAsync(List<TokenizedPair> pairs, RequestOptions options) {
    return ResultFuture.of(engine.submitPairs(rows(pairs), options), Reranker::logits);
  }

  private static List<TokenRow> rows(List<TokenizedPair> pairs) {
    return pairs.stream().map(TokenizedPair::tokens).toList();
  }

  private static float[] logits(List<float[]> outputs) {
    float[] logits = new float[outputs.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = outputs.get(i)[0];
    }
    return logits;
  }

  private float[] scores(List<float[]> outputs) {
    float[] scores = logits(outputs);
    for (int i = 0; sigmoid && i < scores.length; i++) {
      scores[i] = sigmoid(scores[i]);
    }
    return scores;
  }

  /** Whether a score is the sigmoid of the logit; else it is the logit. */
  public boolean isSigmoid() {
    return sigmoid;
  }

  /** The maximum number of tokens of a pair, including special tokens. */
  public int maxTokens() {
    return tokenizer.maxTokens();
  }
}
