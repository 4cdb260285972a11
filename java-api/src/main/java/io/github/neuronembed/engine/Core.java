package io.github.neuronembed.engine;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Replica;
import io.github.neuronembed.backend.Shape;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One replica, its idle slots, and when it is expected to be free. Belongs to the engine's lock.
 */
final class Core {

  /**
   * The next batch is bound this long before the core needs it, so that a late timer costs none.
   */
  private static final long LEAST_LEAD_NANOS = 400_000;

  private static final long MOST_LEAD_NANOS = 2_000_000;

  final Replica replica;
  final Deque<SlotSet> idle = new ArrayDeque<>();
  int busySlots;
  long executions;
  int failuresInARow;
  @Nullable DeviceFailureException failure;

  private final boolean inTurn;
  private final Map<Shape, Long> serviceNanos = new HashMap<>();
  private long writeNanos;

  /** When the execution that the core computes now began. */
  private long turnBegan;

  /** Expected time of all executions under way. */
  private long underWayNanos;

  private int underWayUntimed;

  /**
   * @param inTurn whether the replica computes one execution at a time
   */
  Core(Replica replica, boolean inTurn) {
    this.replica = replica;
    this.inTurn = inTurn;
  }

  int index() {
    return replica.core();
  }

  boolean canTakeWork() {
    return failure == null && !idle.isEmpty();
  }

  /** How long an execution of the shape takes, 0 if never seen. */
  long serviceNanos(Shape shape) {
    return serviceNanos.getOrDefault(shape, 0L);
  }

  /** Binds a batch to idle slots. */
  SlotSet begin(Batch batch, long nowNanos) {
    SlotSet slots = idle.removeFirst();
    begin(slots, batch, nowNanos);
    return slots;
  }

  /** Binds a batch to slots that were taken out of the idle ones. */
  void begin(SlotSet slots, Batch batch, long nowNanos) {
    slots.begin(batch, serviceNanos(batch.shape()), nowNanos);
    if (busySlots++ == 0) {
      turnBegan = nowNanos;
    }
    underWayNanos += slots.expectedNanos;
    underWayUntimed += slots.expectedNanos == 0 ? 1 : 0;
  }

  void end(SlotSet slots, boolean well, long nowNanos) {
    if (well) {
      failuresInARow = 0;
      long began = inTurn ? Math.max(turnBegan, slots.beganNanos) : slots.beganNanos;
      learn(slots.shape(), nowNanos - began);
      writeNanos += (slots.writeNanos() - writeNanos) / 8;
    } else {
      failuresInARow++;
    }
    underWayNanos -= slots.expectedNanos;
    underWayUntimed -= slots.expectedNanos == 0 ? 1 : 0;
    turnBegan = nowNanos;
    busySlots--;
    slots.end();
    idle.addFirst(slots);
  }

  /** Follows a faster execution quickly and a slower one slowly: a late host is no slow device. */
  private void learn(Shape shape, long nanos) {
    long known = serviceNanos(shape);
    long next = known == 0 ? nanos : known + (nanos - known) / (nanos < known ? 2 : 16);
    serviceNanos.put(shape, Math.max(1, next));
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
  long nanosUntilWanted(long nowNanos) {
    if (!inTurn || busySlots == 0) {
      return 0;
    }
    long lead =
        Math.max(LEAST_LEAD_NANOS, Math.min(MOST_LEAD_NANOS, underWayNanos / 16)) + writeNanos;
    return Math.max(0, nanosUntilFree(nowNanos) - lead);
  }

  /** Whether this core is the better place for work than another one that can take it too. */
  boolean isBetterThan(Core other, int avoid, long nowNanos) {
    if ((index() == avoid) != (other.index() == avoid)) {
      return other.index() == avoid;
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
