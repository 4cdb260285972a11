package io.github.neuronembed.engine.queue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one call: admitted together or refused as one, and over as soon as one of them
 * fails. Belongs to the scheduler.
 */
public class Group {

  /** Where a group is on its way. */
  public enum State {
    /** Not handed over yet. */
    NEW,
    /** Waits in line for room in its lane. */
    IN_LINE,
    /** Its requests wait, run or have ended. */
    ADMITTED,
    /** Has its outcome. */
    OVER
  }

  /** The deadline of what has none. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** In the order of the call; at least one. */
  public final List<Request> requests;

  public final boolean bulk;

  /** Whether it waits for room in its lane. */
  public final boolean waitsForRoom;

  /** On the engine's clock, like every time here. */
  public final long madeNanos;

  public final long deadlineNanos;
  public final long tokens;

  /** Whether it is a caller's: warming up is not counted. */
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

  /** Its place in the deadlines, -1 for none. */
  int deadlineIndex = -1;

  @Nullable Group nextInLine;

  /** The next one of a list of groups that left the line. */
  public @Nullable Group nextEntered;

  public Group(
      List<Request> requests,
      boolean bulk,
      boolean waitsForRoom,
      boolean counted,
      long madeNanos,
      long deadlineNanos) {
    this.requests = List.copyOf(requests);
    this.counted = counted;
    this.bulk = bulk;
    this.waitsForRoom = waitsForRoom;
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
