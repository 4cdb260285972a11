package io.github.neuronembed.engine.core;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One replica's idle slots, and when it is expected to be free. Belongs to the scheduler; allocates
 * nothing after it was made.
 */
public final class Core {

  /**
   * The next batch is bound this long before the core needs it, so that a late timer costs none.
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

  /** When the execution that the core computes now began. */
  private long turnBegan;

  /** Expected time of all executions under way. */
  private long underWayNanos;

  private int underWayUntimed;

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

  /** Executions under way. */
  public int busySlots() {
    return busySlots;
  }

  /** Executions that ended well and count. */
  public long executions() {
    return executions;
  }

  /** Why it left the rotation; null if it serves. */
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

  /** The slot that the next execution gets; only if one is idle. */
  public Slot idleSlot() {
    Slot slot = idle;
    if (slot == null) {
      throw new IllegalStateException("The core has no idle slot.");
    }
    return slot;
  }

  /** Binds an execution to this idle slot. */
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
    underWayNanos += slot.expectedNanos;
    underWayUntimed += slot.expectedNanos == 0 ? 1 : 0;
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
   * @param well whether it gave vectors
   * @param written nanoseconds of host-to-device transfer; of no meaning if it failed
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
    underWayNanos -= slot.expectedNanos;
    underWayUntimed -= slot.expectedNanos == 0 ? 1 : 0;
    turnBegan = nowNanos;
    busySlots--;
    slot.busy = false;
    slot.shape = null;
    slot.nextIdle = idle;
    idle = slot;
  }

  /** One execution more that ended well. */
  public void count() {
    executions++;
  }

  /** Takes the core out of the rotation. */
  void fail(DeviceFailureException reason) {
    failure = reason;
  }

  /**
   * Expected time until the core has nothing to do. An execution that is overdue is expected to
   * take as long again as it is late: a core that hangs gets ever less attractive.
   */
  long nanosUntilFree(long nowNanos) {
    if (busySlots == 0 || underWayUntimed > 0) {
      return 0;
    }
    return Math.abs(turnBegan + underWayNanos - nowNanos);
  }

  /**
   * How long the next batch need not be bound yet, because the core could not begin it anyway: it
   * may grow, and what is more urgent may still come first. 0 if it is wanted now.
   */
  public long nanosUntilWanted(long nowNanos) {
    if (!inTurn || busySlots == 0) {
      return 0;
    }
    long lead =
        Math.max(LEAST_LEAD_NANOS, Math.min(MOST_LEAD_NANOS, underWayNanos / 16)) + writeNanos;
    return Math.max(0, nanosUntilFree(nowNanos) - lead);
  }

  /** Whether this core is the better place for work than another one that can take it too. */
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
