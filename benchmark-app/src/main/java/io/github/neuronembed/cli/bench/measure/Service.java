package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.cli.bench.figures.Stages;

/** What serves calls. Thread-safe. */
public interface Service extends AutoCloseable {

  /**
   * Makes what one worker calls.
   *
   * @param model the replica it should use, zero-based
   * @return a new caller, owned by the worker
   */
  Caller newCaller(int model);

  /** Warming up is over: forgets what it counted so far. */
  default void forget() {}

  /** Adds what it counted itself, when all callers have ended. */
  default void addTo(Stages stages) {}

  @Override
  void close();

  /** Makes one call at a time; belongs to one thread. */
  interface Caller extends AutoCloseable {

    /**
     * Makes a call and waits for its vectors.
     *
     * @param number which rows it carries, zero-based
     * @param stages told where the time went
     * @return how many rows that were
     */
    int call(long number, Stages stages);

    @Override
    void close();
  }
}
