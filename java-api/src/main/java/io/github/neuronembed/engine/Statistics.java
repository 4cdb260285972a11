package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sums of what happened. Belongs to the engine's lock. */
final class Statistics {

  long requests;
  long rows;
  long completed;
  long failed;
  long refused;
  long expired;
  long cancelled;
  long retried;
  long queueNanos;

  private final Map<Shape, Long> executions = new HashMap<>();
  private long tokens;
  private long paddedTokens;
  private long executeNanos;

  void accepted(Request request) {
    requests++;
    rows += request.rows.length;
  }

  void executed(Core core, Shape shape, List<Request> batch, int computedTokens, long nanos) {
    core.executions++;
    executions.merge(shape, 1L, Long::sum);
    completed += batch.size();
    for (Request request : batch) {
      tokens += request.tokens;
    }
    paddedTokens += computedTokens;
    executeNanos += nanos;
  }

  /** Execution time for a token of a request, 0 before the first execution. */
  double nanosPerToken() {
    return tokens == 0 ? 0 : (double) executeNanos / tokens;
  }

  EngineSnapshot snapshot(int queuedRequests, long queuedTokens, Map<Integer, Long> byCore) {
    return new EngineSnapshot(
        requests,
        rows,
        completed,
        failed,
        refused,
        expired,
        cancelled,
        retried,
        queuedRequests,
        queuedTokens,
        Map.copyOf(executions),
        Map.copyOf(byCore),
        tokens,
        paddedTokens,
        queueNanos,
        executeNanos);
  }
}
