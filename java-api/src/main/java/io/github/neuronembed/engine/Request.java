package io.github.neuronembed.engine;

import org.jspecify.annotations.Nullable;

/**
 * Rows of one bucket that are executed together, and what becomes of them. Everything but the final
 * fields belongs to the engine's lock.
 */
final class Request {

  /** Told once how the request ended, outside of the lock. */
  interface Outcome {
    void vectors(float[][] vectors);

    void failure(RuntimeException reason);

    /** Whether nobody waits for it any more: then it is not worth an execution. */
    boolean isAbandoned();
  }

  /** Where a request is on its way. */
  enum State {
    NEW,
    QUEUED,
    RUNNING,
    ENDED
  }

  static final long NO_DEADLINE = Long.MAX_VALUE;

  final int[][] rows;
  final int tokens;
  final int bucket;
  final Lane lane;
  final boolean waitsForRoom;

  /** On the engine's clock, like every time here. */
  final long madeNanos;

  final long deadlineNanos;
  final Outcome outcome;

  State state = State.NEW;

  /** Its age: the order in which requests were accepted. */
  long sequence;

  long startNanos;
  boolean retried;

  /** The core that failed it; another one is preferred. */
  int avoidCore = -1;

  /** How it ended; null until then. */
  @Nullable Ending ending;

  /** Why it has no vectors; null unless it ended so. */
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
    this.waitsForRoom = options.waitsForRoom();
    this.madeNanos = nowNanos;
    this.deadlineNanos = deadline(options, nowNanos);
    this.outcome = outcome;
  }

  private static long deadline(RequestOptions options, long nowNanos) {
    if (options.timeout() == null) {
      return NO_DEADLINE;
    }
    // A time too long for a long is as good as none.
    long most = NO_DEADLINE - nowNanos;
    return options.timeout().toSeconds() >= most / 1_000_000_000
        ? NO_DEADLINE
        : nowNanos + options.timeout().toNanos();
  }

  boolean isExpired(long nowNanos) {
    return deadlineNanos != NO_DEADLINE && nowNanos >= deadlineNanos;
  }

  /** Ends it; what is left is to tell its outcome, once. */
  void end(Ending how, @Nullable RuntimeException reason) {
    if (state == State.ENDED) {
      throw new IllegalStateException("The request has ended already.");
    }
    state = State.ENDED;
    ending = how;
    failure = reason;
  }
}
