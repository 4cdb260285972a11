package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an engine has done since it was started, and what waits. Every accepted request is in one of
 * {@link #completed}, {@link #failed}, {@link #expired}, {@link #cancelled}, {@link
 * #queuedRequests} and {@link #runningRequests}. Warming up is not counted. Immutable. Only the
 * engine creates it, so new methods can be added.
 */
public interface EngineSnapshot {

  /** Whether it serves. */
  EngineHealth health();

  /** Requests accepted. */
  long requests();

  /** Texts of the requests accepted. */
  long rows();

  /** Requests that ended with vectors. */
  long completed();

  /** Requests that ended with an exception of the backend, or because of closing. */
  long failed();

  /** Failed requests for which the model returned a non-finite value. */
  long notFinite();

  /** Calls that were rejected because the queue was full. */
  long refused();

  /** Requests whose deadline passed. */
  long expired();

  /**
   * Requests that were withdrawn, by the caller or because another request of their call failed.
   */
  long cancelled();

  /** Requests that were executed once more. */
  long retried();

  /** Requests waiting now. */
  int queuedRequests();

  /** Tokens of the requests waiting now. */
  long queuedTokens();

  /** Requests waiting now, by lane. */
  Map<Lane, Integer> queuedByLane();

  /** Requests being executed now. */
  int runningRequests();

  /** Successful executions, by shape. */
  Map<Shape, ShapeSums> shapes();

  /** The state of each core. */
  List<CoreState> cores();

  /** Texts accepted, by tokens: what {@link io.github.neuronembed.advice} chooses shapes by. */
  Map<Integer, Long> lengths();

  /** Sum over requests of the time from their creation to their execution. */
  long queueNanos();

  /** Sums over the successful executions of a shape. */
  interface ShapeSums {

    /** Number of executions. */
    long executions();

    /** Texts. */
    long rows();

    /** Tokens of the texts. */
    long tokens();

    /** Tokens of the texts, including padding. */
    long computedTokens();

    /** From the first id written to the last vector read. */
    long executeNanos();
  }

  /**
   * A core now.
   *
   * @param core zero-based index
   * @param executions successful executions
   * @param busySlots running executions
   * @param failure why it left the rotation; null if it serves
   */
  record CoreState(int core, long executions, int busySlots, @Nullable String failure) {}

  /** Tokens of the texts that were computed, without padding. */
  default long tokens() {
    return shapes().values().stream().mapToLong(ShapeSums::tokens).sum();
  }

  /** Tokens that were computed, including padding. */
  default long paddedTokens() {
    return shapes().values().stream().mapToLong(ShapeSums::computedTokens).sum();
  }

  /** Sum over the executions of the time from the first id written to the last vector read. */
  default long executeNanos() {
    return shapes().values().stream().mapToLong(ShapeSums::executeNanos).sum();
  }

  /** Successful executions, by shape. */
  default Map<Shape, Long> executions() {
    Map<Shape, Long> executions = new TreeMap<>();
    shapes().forEach((shape, sums) -> executions.put(shape, sums.executions()));
    return executions;
  }

  /** Successful executions, by core. */
  default Map<Integer, Long> executionsByCore() {
    Map<Integer, Long> executions = new TreeMap<>();
    cores().forEach(core -> executions.put(core.core(), core.executions()));
    return executions;
  }

  /** Share of the computed tokens that was padding, 0 to 1; 0 before the first execution. */
  default double paddingRatio() {
    return paddedTokens() == 0 ? 0 : 1 - (double) tokens() / paddedTokens();
  }
}
