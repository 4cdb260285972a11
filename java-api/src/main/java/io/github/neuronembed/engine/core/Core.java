package io.github.neuronembed.engine.core;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One replica's idle slots, and when it is expected to be free. Part of the scheduler's state. It
 * allocates nothing after its construction.
 */
public final class Core {

  /**
   * The next batch is bound this long before the core needs it, so that a late timer costs no time.
   */
  private static final long LEAST_LEAD_NANOS = 400_000;

  private static final long MOST_LEAD_NANOS = 2_000_000;

  private final int index;
  private final boolean inTurn;
  private final ServiceTimes times;
  private @Nullable Slot idle;
  private int slots;
  private int busySlots;
  private long executions;
  private int failuresInARow;
  private @Nullable DeviceFailureException failure;
  private long writeNanos;

  /** When the execution that the core now computes began. */
  private long turnBegan;

  /** Expected time of all executions in flight. */
  private long inFlightNanos;

  private int inFlightUntimed;

  /**
   * @param index of the replica
   * @param inTurn whether the replica computes one execution at a time
   * @param shapes that it serves
   */
  Core(int index, boolean inTurn, List<Shape> shapes) {
    this.index = index;
    this.inTurn = inTurn;
    this.times = new ServiceTimes(shapes);
  }

  void add(Slot slot) {
    slot.nextIdle = idle;
    idle = slot;
    slots++;
  }

  public int index() {
    return index;
  }

  /** Slots of this core, idle or busy. */
  public int slots() {
    return slots;
  }

  /** Executions in flight. */
  public int busySlots() {
    return busySlots;
  }

  /** Executions that succeeded and count. */
  public long executions() {
    return executions;
  }

  /** Why the scheduler no longer uses it; null if it serves. */
  public @Nullable DeviceFailureException failure() {
    return failure;
  }

  public boolean serves() {
    return failure == null;
  }

  public boolean canTakeWork() {
    return failure == null && idle != null;
  }

  public ServiceTimes times() {
    return times;
  }

  /** The slot for the next execution. Call it only if a slot is idle. */
  public Slot idleSlot() {
    Slot slot = idle;
    if (slot == null) {
      throw new IllegalStateException("The core has no idle slot.");
    }
    return slot;
  }

  /** Binds an execution to an idle slot. */
  void begin(Slot slot, Shape shape, long nowNanos) {
    if (slot.busy || slot.core != this) {
      throw new IllegalStateException("The slot is busy, or another core's.");
    }
    takeOut(slot);
    slot.busy = true;
    slot.shape = shape;
    slot.beganNanos = nowNanos;
    slot.expectedNanos = times.nanos(shape);
    if (busySlots++ == 0) {
      turnBegan = nowNanos;
    }
    inFlightNanos += slot.expectedNanos;
    inFlightUntimed += slot.expectedNanos == 0 ? 1 : 0;
  }

  private void takeOut(Slot slot) {
    if (idle == slot) {
      idle = slot.nextIdle;
    } else {
      Slot before = idle;
      while (before != null && before.nextIdle != slot) {
        before = before.nextIdle;
      }
      if (before == null) {
        throw new IllegalStateException("The slot is not idle.");
      }
      before.nextIdle = slot.nextIdle;
    }
    slot.nextIdle = null;
  }

  /**
   * An execution ended; its slot is idle again.
   *
   * @param well whether the execution succeeded
   * @param written nanoseconds of the host-to-device transfer; has no meaning if the execution
   *     failed
   */
  void end(Slot slot, boolean well, long written, long nowNanos) {
    Shape shape = slot.shape;
    if (!slot.busy || shape == null) {
      throw new IllegalStateException("The slot is idle.");
    }
    if (well) {
      failuresInARow = 0;
      long began = inTurn ? Math.max(turnBegan, slot.beganNanos) : slot.beganNanos;
      times.learn(shape, nowNanos - began);
      writeNanos += (written - writeNanos) / 8;
    } else {
      failuresInARow++;
    }
    inFlightNanos -= slot.expectedNanos;
    inFlightUntimed -= slot.expectedNanos == 0 ? 1 : 0;
    turnBegan = nowNanos;
    busySlots--;
    slot.busy = false;
    slot.shape = null;
    slot.nextIdle = idle;
    idle = slot;
  }

  /** Counts one more successful execution. */
  public void count() {
    executions++;
  }

  /** Takes the core out of the rotation. */
  void fail(DeviceFailureException reason) {
    failure = reason;
  }

  /**
   * Expected time until the core is idle. An overdue execution is expected to take as much longer
   * as it is already late, so a core that hangs is preferred less and less.
   */
  long nanosUntilFree(long nowNanos) {
    if (busySlots == 0 || inFlightUntimed > 0) {
      return 0;
    }
    return Math.abs(turnBegan + inFlightNanos - nowNanos);
  }

  /**
   * How long the next batch can stay unbound, because the core could not begin it yet. In that time
   * the batch may grow, and a more urgent request may still go first. 0 if the core needs a batch
   * now.
   */
  public long nanosUntilWanted(long nowNanos) {
    if (!inTurn || busySlots == 0) {
      return 0;
    }
    long lead =
        Math.max(LEAST_LEAD_NANOS, Math.min(MOST_LEAD_NANOS, inFlightNanos / 16)) + writeNanos;
    return Math.max(0, nanosUntilFree(nowNanos) - lead);
  }

  /** Whether this core suits a batch better than another core that can also take it. */
  boolean isBetterThan(Core other, int avoid, long nowNanos) {
    if ((index == avoid) != (other.index == avoid)) {
      return other.index == avoid;
    }
    if ((failuresInARow > 0) != (other.failuresInARow > 0)) {
      return other.failuresInARow > 0;
    }
    if (inTurn) {
      long mine = nanosUntilFree(nowNanos);
      long others = other.nanosUntilFree(nowNanos);
      if (mine != others) {
        return mine < others;
      }
    }
    return busySlots < other.busySlots;
  }
}
