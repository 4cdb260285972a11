package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.cli.bench.figures.Stages;

/** Serves calls. Thread-safe. */
public interface Service extends AutoCloseable {

  /**
   * Makes the caller of one worker.
   *
   * @param model the replica it should use, zero-based
   * @return a new caller, owned by the worker
   */
  Caller newCaller(int model);

  /** Forgets what it has counted so far, when warming up is over. */
  default void forget() {}

  /** Adds what it counted itself, when all callers have ended. */
  default void addTo(Stages stages) {}

  @Override
  void close();

  /** Makes one call at a time; only one thread uses it. */
  interface Caller extends AutoCloseable {

    /**
     * Makes a call and waits for its vectors.
     *
     * @param number which rows it carries, zero-based
     * @param stages receives the time of each stage
     * @return the number of these rows
     */
    int call(long number, Stages stages);

    @Override
    void close();
  }
}
