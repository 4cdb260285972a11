package io.github.neuronembed.cli.serve;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.Lane;
import io.github.neuronembed.engine.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The work of one request: its texts in the engine. When one text fails, or nobody waits any more,
 * the others are withdrawn. Thread-safe.
 */
final class EmbeddingJob {

  private final TextEmbedder embedder;
  private final int vocabularySize;
  private final Lane lane;
  private final long deadlineNanos;
  private final CompletableFuture<List<float[]>> result = new CompletableFuture<>();
  private final List<CompletableFuture<float[]>> submitted = new ArrayList<>();
  private float[][] vectors = {};
  private int missing;
  private boolean over;

  /**
   * @param deadlineNanos when it is of no use any more, by {@link System#nanoTime()}
   */
  EmbeddingJob(TextEmbedder embedder, int vocabularySize, Lane lane, long deadlineNanos) {
    this.embedder = embedder;
    this.vocabularySize = vocabularySize;
    this.lane = lane;
    this.deadlineNanos = deadlineNanos;
  }

  /**
   * The vectors, in the order of the inputs. Ends on a thread of the engine, or of who submits or
   * cancels.
   */
  CompletableFuture<List<float[]>> result() {
    return result;
  }

  /**
   * Tokenizes the inputs on this thread.
   *
   * @return the ids of each, special tokens included; of the first ones alone if nobody waits any
   *     more
   * @throws HttpError if one of them cannot be embedded
   */
  List<int[]> tokenize(Inputs inputs, InputType type, TruncationPolicy truncation) {
    List<int[]> tokenIds = new ArrayList<>(inputs.size());
    for (int i = 0; i < inputs.size() && !isOver(); i++) {
      tokenIds.add(tokenIds(inputs, i, type, truncation));
    }
    return tokenIds;
  }

  private int[] tokenIds(Inputs inputs, int index, InputType type, TruncationPolicy truncation) {
    try {
      if (!inputs.texts().isEmpty()) {
        return embedder.tokenize(inputs.texts().get(index), type, truncation);
      }
      if (type == InputType.QUERY) {
        throw HttpError.invalid(
            null, "A query's prefix cannot be put before token ids: send the text.");
      }
      int[] ids = inputs.tokenIds().get(index);
      for (int id : ids) {
        if (id < 0 || id >= vocabularySize) {
          throw HttpError.invalid(
              null,
              "Input %s has the token id %s, the model's are below %s: send ids of the model's own tokenizer, or texts."
                  .formatted(index, id, vocabularySize));
        }
      }
      return embedder.withSpecialTokens(ids, truncation).ids();
    } catch (TextTooLongException e) {
      throw HttpError.invalid(
              null,
              "Input %s has %s tokens, the model takes %s: shorten it."
                  .formatted(index, e.tokenCount(), e.limit()))
          .withCode("context_length_exceeded");
    }
  }

  /**
   * Hands the inputs to the engine. In the bulk lane this waits for room. Never throws: what goes
   * wrong is the result.
   */
  void submit(List<int[]> tokenIds) {
    synchronized (this) {
      vectors = new float[tokenIds.size()][];
      missing = tokenIds.size();
    }
    try {
      for (int i = 0; i < tokenIds.size() && !isOver(); i++) {
        submit(i, tokenIds.get(i));
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  private void submit(int index, int[] ids) {
    Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
    CompletableFuture<float[]> vector =
        embedder.embedTokensAsync(ids, RequestOptions.of(lane).within(left));
    boolean late;
    synchronized (this) {
      late = over;
      submitted.add(vector);
    }
    if (late) {
      vector.cancel(false);
      return;
    }
    CompletableFuture<float[]> unused =
        vector.whenComplete(
            (elements, failure) -> {
              if (failure != null) {
                fail(failure);
              } else {
                arrived(index, elements);
              }
            });
  }

  private synchronized boolean isOver() {
    return over;
  }

  private void arrived(int index, float[] vector) {
    List<float[]> all;
    synchronized (this) {
      vectors[index] = vector;
      if (--missing > 0 || over) {
        return;
      }
      over = true;
      all = List.of(vectors);
    }
    result.complete(all);
  }

  private void fail(Throwable failure) {
    // First, so that this is why, and not that the others are cancelled because of it.
    result.completeExceptionally(failure);
    withdraw();
  }

  /** Nobody waits any more. */
  void cancel() {
    result.cancel(false);
    withdraw();
  }

  private void withdraw() {
    List<CompletableFuture<float[]>> rest;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      rest = List.copyOf(submitted);
    }
    rest.forEach(vector -> vector.cancel(false));
  }
}
