package io.github.neuronembed.engine;

import org.jspecify.annotations.Nullable;

/**
 * Rows of one bucket that are executed together, and what becomes of them. Everything but the final
 * fields belongs to the engine's lock.
 */
final class Request {

  /** Called once, outside of the lock. */
  interface Outcome {
    void vectors(float[][] vectors);

    void failure(RuntimeException reason);
  }

  /** Where a request is on its way. */
  enum State {
    NEW,
    QUEUED,
    RUNNING,
    ENDED
  }

  final int[][] rows;
  final int tokens;
  final int bucket;
  final Lane lane;
  final long madeNanos;
  final long deadlineNanos;
  final boolean hasDeadline;
  final Outcome outcome;

  State state = State.NEW;
  long sequence;
  boolean retried;

  /** The core that failed it; another one is preferred. */
  int avoidCore = -1;

  @Nullable RuntimeException failure;

  Request(
      int[][] rows,
      int tokens,
      int bucket,
      RequestOptions options,
      long nowNanos,
      Outcome outcome) {
    this.rows = rows;
    this.tokens = tokens;
    this.bucket = bucket;
    this.lane = options.lane();
    this.madeNanos = nowNanos;
    this.hasDeadline = options.timeout() != null;
    this.deadlineNanos = options.timeout() == null ? 0 : nowNanos + options.timeout().toNanos();
    this.outcome = outcome;
  }

  boolean isExpired(long nowNanos) {
    return hasDeadline && nowNanos - deadlineNanos >= 0;
  }
}
