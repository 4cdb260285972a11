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

  /** One execution that ended well. Made by the engine alone, so that it can grow. */
  interface Execution {

    /** Where: the replica's index. */
    int core();

    /** The bucket. */
    Shape shape();

    /** Texts. */
    int rows();

    /** Tokens of the texts. */
    int tokens();

    /** Tokens of the texts, padding included. */
    int computedTokens();

    /** Host to device, see {@link io.github.neuronembed.backend.StageTimes}. */
    long writeNanos();

    /** Computing, the wait for the core included. */
    long executeNanos();

    /** Device to host. */
    long readNanos();

    /** From the first id written to the last vector read. */
    long totalNanos();
  }

  /** The end of an accepted request. Made by the engine alone, so that it can grow. */
  interface RequestEnd {

    /** Its lane. */
    Lane lane();

    /** The shortest compiled length that holds it; a packed batch may go to a longer one. */
    int bucketLength();

    /** Its texts. */
    int rows();

    /** Tokens of the texts. */
    int tokens();

    /** How it ended. */
    Ending ending();

    /** Nanoseconds from when it was made to its last execution, or to its end without one. */
    long queueNanos();

    /** Nanoseconds from when it was made to its end. */
    long totalNanos();
  }
}
