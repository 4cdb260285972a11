package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.Map;

/**
 * What an engine has done since it was started, and what waits.
 *
 * @param requests accepted
 * @param rows texts of the requests accepted
 * @param completed requests that ended with vectors
 * @param failed requests that ended with an exception of the backend
 * @param refused requests that were not accepted, because too much was waiting
 * @param expired requests whose deadline passed
 * @param cancelled requests that were withdrawn before their execution
 * @param retried requests that were executed once more
 * @param queuedRequests waiting now
 * @param queuedTokens of the requests waiting now
 * @param executions finished, by shape
 * @param executionsByCore finished, by core
 * @param tokens computed, without padding
 * @param paddedTokens computed, with padding
 * @param queueNanos sum over requests of the time from acceptance to execution
 * @param executeNanos sum over executions of the time from input to output
 */
public record EngineSnapshot(
    long requests,
    long rows,
    long completed,
    long failed,
    long refused,
    long expired,
    long cancelled,
    long retried,
    int queuedRequests,
    long queuedTokens,
    Map<Shape, Long> executions,
    Map<Integer, Long> executionsByCore,
    long tokens,
    long paddedTokens,
    long queueNanos,
    long executeNanos) {

  /** Part of the computed tokens that was padding, 0 to 1; 0 before the first execution. */
  public double paddingRatio() {
    return paddedTokens == 0 ? 0 : 1 - (double) tokens / paddedTokens;
  }
}
