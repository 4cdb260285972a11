package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.function.Supplier;

/**
 * Told what happens in an engine, for meters and logs. Called on the threads that serve, outside of
 * the engine's lock: an implementation is thread-safe and quick. What it throws is logged and has
 * no other effect.
 */
public interface EngineListener {

  /** Does nothing. */
  EngineListener NONE = new EngineListener() {};

  /**
   * The engine serves.
   *
   * @param snapshot what the engine has done and what waits, at the time it is asked
   */
  default void started(Supplier<EngineSnapshot> snapshot) {}

  /** A request was not accepted, because too much was waiting. */
  default void refused(Lane lane) {}

  /** An execution ended well. */
  default void executed(Execution execution) {}

  /** An accepted request ended. */
  default void ended(RequestEnd end) {}

  /** A text was tokenized, by whoever owns the tokenizer. */
  default void tokenized(long nanos) {}

  /** A text had more tokens than are embedded and lost its end; told by whoever tokenized it. */
  default void truncated() {}

  /** The engine is closed; told last. */
  default void closed() {}

  /**
   * One execution.
   *
   * @param core where
   * @param shape the bucket
   * @param rows texts
   * @param tokens of the rows
   * @param computedTokens of the rows, padding included
   * @param writeNanos host to device, see {@link io.github.neuronembed.backend.StageTimes}
   * @param executeNanos computing, the wait for the core included
   * @param readNanos device to host
   * @param totalNanos from the first id written to the last vector read
   */
  record Execution(
      int core,
      Shape shape,
      int rows,
      int tokens,
      int computedTokens,
      long writeNanos,
      long executeNanos,
      long readNanos,
      long totalNanos) {}

  /**
   * The end of an accepted request.
   *
   * @param lane its lane
   * @param bucketLength the compiled length it was routed to
   * @param rows its texts
   * @param tokens of the rows
   * @param ending how it ended
   * @param queueNanos from when it was made to its last execution, or to its end without one
   * @param totalNanos from when it was made to its end
   */
  record RequestEnd(
      Lane lane,
      int bucketLength,
      int rows,
      int tokens,
      Ending ending,
      long queueNanos,
      long totalNanos) {}
}
