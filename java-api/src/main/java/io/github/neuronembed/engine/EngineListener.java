package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.function.Supplier;

/**
 * Receives the events of an engine, for meters and logs. Called on the serving threads, outside the
 * engine's lock: an implementation must be thread-safe and fast. An exception that it throws is
 * logged and has no other effect.
 */
public interface EngineListener {

  /** Does nothing. */
  EngineListener NONE = new EngineListener() {};

  /**
   * The engine serves.
   *
   * @param snapshot returns the engine's counters at the time of the call
   */
  default void started(Supplier<EngineSnapshot> snapshot) {}

  /** A request was rejected because the queue was full. */
  default void refused(Lane lane) {}

  /** An execution succeeded. */
  default void executed(Execution execution) {}

  /** An accepted request ended. */
  default void ended(RequestEnd end) {}

  /** A text was tokenized; called by the owner of the tokenizer. */
  default void tokenized(long nanos) {}

  /** A text had too many tokens and was truncated; called by the owner of the tokenizer. */
  default void truncated() {}

  /** The engine is closed; the last event. */
  default void closed() {}

  /** One successful execution. Only the engine creates it, so new methods can be added. */
  interface Execution {

    /** The replica's index. */
    int core();

    /** The bucket. */
    Shape shape();

    /** Texts. */
    int rows();

    /** Tokens of the texts. */
    int tokens();

    /** Tokens of the texts, including padding. */
    int computedTokens();

    /** Host to device, see {@link io.github.neuronembed.backend.StageTimes}. */
    long writeNanos();

    /** Computing, including the wait for the core. */
    long executeNanos();

    /** Device to host. */
    long readNanos();

    /** From the first id written to the last vector read. */
    long totalNanos();
  }

  /** The end of an accepted request. Only the engine creates it, so new methods can be added. */
  interface RequestEnd {

    /** Its lane. */
    Lane lane();

    /** The shortest compiled length that holds it; a packed batch may use a longer one. */
    int bucketLength();

    /** Its texts. */
    int rows();

    /** Tokens of the texts. */
    int tokens();

    /**
     * Tokens of one of its texts.
     *
     * @param text 0 to {@code rows() - 1}
     * @throws IndexOutOfBoundsException if there is no such text
     */
    int tokens(int text);

    /** How it ended. */
    Ending ending();

    /** Nanoseconds from its creation to its last execution, or to its end without one. */
    long queueNanos();

    /** Nanoseconds from its creation to its end. */
    long totalNanos();
  }
}
