package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TokenizedPair;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.Lane;
import io.github.neuronembed.engine.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The work of one request: its texts, which the engine gets as one list. If one text fails, or
 * nobody waits any more, the others are cancelled. Thread-safe.
 */
final class EmbeddingJob {

  private final TextEmbedder embedder;
  private final ServedModel model;
  private final Lane lane;
  private final long deadlineNanos;
  private final CompletableFuture<List<float[]>> result = new CompletableFuture<>();
  private @Nullable CompletableFuture<?> submitted;

  /**
   * @param deadlineNanos when its result becomes useless, by {@link System#nanoTime()}
   */
  EmbeddingJob(TextEmbedder embedder, ServedModel model, Lane lane, long deadlineNanos) {
    this.embedder = embedder;
    this.model = model;
    this.lane = lane;
    this.deadlineNanos = deadlineNanos;
  }

  /**
   * The vectors, in the order of the inputs. It completes on a thread of the engine, or on the
   * thread that submits or cancels.
   */
  CompletableFuture<List<float[]>> result() {
    return result;
  }

  /**
   * Tokenizes the inputs on this thread.
   *
   * @return all of them; only the first ones if nobody waits any more
   * @throws HttpError if one of them cannot be embedded
   */
  List<TokenizedText> tokenize(Inputs inputs, InputType type, TruncationPolicy truncation) {
    List<TokenizedText> tokens = new ArrayList<>(inputs.size());
    for (int i = 0; i < inputs.size() && !result.isDone(); i++) {
      tokens.add(tokenize(inputs, i, type, truncation));
    }
    return tokens;
  }

  private TokenizedText tokenize(
      Inputs inputs, int index, InputType type, TruncationPolicy truncation) {
    try {
      if (!inputs.texts().isEmpty()) {
        return embedder.tokenizeText(inputs.texts().get(index), type, truncation, true);
      }
      if (type == InputType.QUERY) {
        throw HttpError.invalid(
            null, "A query's prefix cannot be put before token ids: send the text.");
      }
      int[] ids = inputs.tokenIds().get(index);
      model.requireIds(index, ids);
      return embedder.withSpecialTokens(ids, truncation);
    } catch (TextTooLongException e) {
      throw tooLong(index, e);
    }
  }

  /**
   * Tokenizes pairs on this thread.
   *
   * @throws HttpError if one of them is too long
   */
  static List<TokenizedPair> tokenize(Reranker reranker, RerankCall call) {
    try {
      return reranker.tokenize(call.query(), call.texts(), call.truncation(), true);
    } catch (TextTooLongException e) {
      throw tooLong(e.index(), e);
    }
  }

  private static HttpError tooLong(int index, TextTooLongException e) {
    return HttpError.invalid(
            null,
            "Input %s has %s tokens, the model takes %s: shorten it."
                .formatted(index, e.tokenCount(), e.limit()))
        .withCode("context_length_exceeded");
  }

  /** Submits texts to the engine, see {@link #submit}. */
  void submitTexts(List<int[]> tokenIds) {
    submit(options -> embedder.embedTokensAsync(tokenIds, options), vectors -> vectors);
  }

  /** Submits pairs to the engine, see {@link #submit}; the logits are one list of floats. */
  void submitPairs(Reranker reranker, List<TokenizedPair> pairs) {
    submit(options -> reranker.logitsAsync(pairs, options), logits -> List.of(logits));
  }

  /**
   * Submits the inputs to an engine. In the bulk lane this waits for space. It never throws: a
   * failure becomes the result.
   */
  private <T> void submit(
      Function<RequestOptions, CompletableFuture<T>> start, Function<T, List<float[]>> toResult) {
    if (result.isDone()) {
      return;
    }
    CompletableFuture<T> vectors;
    try {
      Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
      vectors = start.apply(RequestOptions.of(lane).within(left));
    } catch (RuntimeException | Error e) {
      result.completeExceptionally(e);
      return;
    }
    synchronized (this) {
      submitted = vectors;
    }
    CompletableFuture<T> unused =
        vectors.whenComplete(
            (all, failure) -> {
              if (failure != null) {
                result.completeExceptionally(failure);
              } else {
                result.complete(toResult.apply(all));
              }
            });
    if (result.isCancelled()) {
      withdraw();
    }
  }

  /** Nobody waits any more. */
  void cancel() {
    if (result.cancel(false)) {
      withdraw();
    }
  }

  private void withdraw() {
    CompletableFuture<?> vectors;
    synchronized (this) {
      vectors = submitted;
    }
    if (vectors != null) {
      vectors.cancel(false);
    }
  }
}
