package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an engine has done since it was started, and what waits. Every accepted request is in one of
 * {@code completed}, {@code failed}, {@code expired}, {@code cancelled}, {@code queuedRequests} and
 * {@code runningRequests}. Warming up is not counted.
 *
 * @param health whether it serves
 * @param requests accepted
 * @param rows texts of the requests accepted
 * @param completed requests that ended with vectors
 * @param failed requests that ended with an exception of the backend, or because of closing
 * @param refused requests that were not accepted, because too much was waiting
 * @param expired requests whose deadline passed
 * @param cancelled requests that were withdrawn
 * @param retried requests that were executed once more
 * @param queuedRequests waiting now
 * @param queuedTokens of the requests waiting now
 * @param queuedByLane requests waiting now, by lane
 * @param runningRequests being executed now
 * @param shapes executions that ended well, by shape
 * @param cores the state of each core
 * @param lengths texts accepted, by tokens: what {@link ShapeAdvisor} wants
 * @param queueNanos sum over requests of the time from their making to their execution
 */
public record EngineSnapshot(
    EngineHealth health,
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
    Map<Lane, Integer> queuedByLane,
    int runningRequests,
    Map<Shape, ShapeSums> shapes,
    List<CoreState> cores,
    Map<Integer, Long> lengths,
    long queueNanos) {

  /**
   * Sums over the executions of a shape.
   *
   * @param executions that ended well
   * @param rows texts
   * @param tokens of the rows
   * @param computedTokens of the rows, padding included
   * @param executeNanos from the first id written to the last vector read
   */
  public record ShapeSums(
      long executions, long rows, long tokens, long computedTokens, long executeNanos) {}

  /**
   * A core now.
   *
   * @param core zero-based index
   * @param executions that ended well
   * @param busySlots executions under way
   * @param failure why it left the rotation; null if it serves
   */
  public record CoreState(int core, long executions, int busySlots, @Nullable String failure) {}

  /** Tokens of the texts that were computed, without padding. */
  public long tokens() {
    return shapes.values().stream().mapToLong(ShapeSums::tokens).sum();
  }

  /** Tokens that were computed, padding included. */
  public long paddedTokens() {
    return shapes.values().stream().mapToLong(ShapeSums::computedTokens).sum();
  }

  /** Sum over the executions of the time from the first id written to the last vector read. */
  public long executeNanos() {
    return shapes.values().stream().mapToLong(ShapeSums::executeNanos).sum();
  }

  /** Executions that ended well, by shape. */
  public Map<Shape, Long> executions() {
    Map<Shape, Long> executions = new TreeMap<>();
    shapes.forEach((shape, sums) -> executions.put(shape, sums.executions()));
    return executions;
  }

  /** Executions that ended well, by core. */
  public Map<Integer, Long> executionsByCore() {
    Map<Integer, Long> executions = new TreeMap<>();
    cores.forEach(core -> executions.put(core.core(), core.executions()));
    return executions;
  }

  /** Part of the computed tokens that was padding, 0 to 1; 0 before the first execution. */
  public double paddingRatio() {
    return paddedTokens() == 0 ? 0 : 1 - (double) tokens() / paddedTokens();
  }
}
