package io.github.neuronembed.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.model.scoring.request.ScoringRequest;
import dev.langchain4j.model.scoring.response.ScoringResponse;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TokenizedPair;
import io.github.neuronembed.engine.RequestOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * LangChain4j's {@link ScoringModel} with a {@link Reranker}: the scores are those of the reranker,
 * a logit or its sigmoid as the model states. The token usage counts the tokens that the model
 * reads.
 *
 * <p>A single text has priority, and is rejected at once when the queue is full; several texts go
 * to the engine's bulk lane and wait for space in the queue. Failures are the reranker's own
 * exceptions. Thread-safe.
 */
public final class NeuronScoringModel implements ScoringModel {

  private final Reranker reranker;

  /**
   * A model with a reranker.
   *
   * @param reranker owned and closed by the caller
   */
  public NeuronScoringModel(Reranker reranker) {
    this.reranker = reranker;
  }

  @Override
  public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
    List<TokenizedPair> pairs =
        reranker.tokenize(query, segments.stream().map(TextSegment::text).toList());
    try {
      float[] scores = reranker.scoreAsync(pairs, options(pairs.size())).join();
      return Response.from(list(scores), usage(pairs));
    } catch (CompletionException e) {
      throw e.getCause() instanceof EmbeddingException failure ? failure : e;
    }
  }

  /**
   * Scores without waiting; the query and the texts are tokenized on the calling thread. With
   * several texts the call blocks while the engine's queue is full. Cancelling the future withdraws
   * the texts that have not begun.
   */
  @Override
  public CompletableFuture<ScoringResponse> doScoreAsync(ScoringRequest request) {
    List<TokenizedPair> pairs = reranker.tokenize(request.query(), request.documents());
    CompletableFuture<float[]> scores = reranker.scoreAsync(pairs, options(pairs.size()));
    CompletableFuture<ScoringResponse> response =
        scores.thenApply(
            values ->
                ScoringResponse.builder()
                    .scores(list(values))
                    .modelName(reranker.modelName())
                    .tokenUsage(usage(pairs))
                    .build());
    var unusedWithdrawal = response.whenComplete((value, failure) -> scores.cancel(false));
    return response;
  }

  private static RequestOptions options(int texts) {
    return texts == 1 ? RequestOptions.INTERACTIVE : RequestOptions.BULK;
  }

  private static List<Double> list(float[] scores) {
    List<Double> list = new ArrayList<>(scores.length);
    for (float score : scores) {
      list.add((double) score);
    }
    return list;
  }

  private static TokenUsage usage(List<TokenizedPair> pairs) {
    return new TokenUsage(pairs.stream().mapToInt(pair -> pair.tokens().length()).sum());
  }
}
