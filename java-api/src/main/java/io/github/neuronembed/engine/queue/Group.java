package io.github.neuronembed.engine.queue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one call. They are admitted together or refused together. The group is over as
 * soon as one of them fails. Part of the scheduler's state.
 */
public class Group {

  /** The state of a group. */
  public enum State {
    /** Not offered to the queue yet. */
    NEW,
    /** Waits in line for space in its lane. */
    IN_LINE,
    /** Its requests wait, run or have ended. */
    ADMITTED,
    /** Has its outcome. */
    OVER
  }

  /** The deadline of a group that has no deadline. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** In the order of the call; at least one. */
  public final List<Request> requests;

  public final boolean bulk;

  /** Whether it waits for space if its lane is full. */
  public final boolean waitsForSpace;

  /** By the engine's clock, as every time in this package. */
  public final long madeNanos;

  public final long deadlineNanos;
  public final long tokens;

  /** Whether a caller made it. Requests of the warm-up are not counted. */
  public final boolean counted;

  public State state = State.NEW;

  /** Why it has no vectors; null unless it is over and failed. */
  public @Nullable RuntimeException failure;

  /** Whether it left the line without having been admitted. */
  public boolean refused;

  /** Requests that have not ended. */
  int open;

  /** Requests that wait in the queue. */
  int waiting;

  /** Its index in {@link Deadlines}; -1 if it is not there. */
  int deadlineIndex = -1;

  @Nullable Group nextInLine;

  /** The next one of a list of groups that left the line. */
  public @Nullable Group nextEntered;

  public Group(
      List<Request> requests,
      boolean bulk,
      boolean waitsForSpace,
      boolean counted,
      long madeNanos,
      long deadlineNanos) {
    this.requests = List.copyOf(requests);
    this.counted = counted;
    this.bulk = bulk;
    this.waitsForSpace = waitsForSpace;
    this.madeNanos = madeNanos;
    this.deadlineNanos = deadlineNanos;
    this.open = requests.size();
    long sum = 0;
    for (Request request : this.requests) {
      request.join(this);
      sum += request.tokens;
    }
    this.tokens = sum;
  }

  public boolean isExpired(long nowNanos) {
    return deadlineNanos != NO_DEADLINE && nowNanos >= deadlineNanos;
  }

  public boolean isOver() {
    return state == State.OVER;
  }

  /** One of its requests ended; returns whether it was the last. */
  public boolean endOne() {
    return --open == 0;
  }
}
