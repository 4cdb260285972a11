package io.github.neuronembed.engine.core;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every core of a backend, also those that failed, and their slots. Part of the scheduler's state.
 */
public final class Cores {

  private final List<Core> all = new ArrayList<>();
  private final List<Slot> slots = new ArrayList<>();
  private @Nullable DeviceFailureException lastFailure;
  private int busySlots;

  /**
   * @param indexes of the replicas, in their order
   * @param slotsPerCore executions that each core can have in flight at once
   * @param inTurn whether a replica computes one execution at a time
   */
  public Cores(List<Integer> indexes, int slotsPerCore, boolean inTurn, List<Shape> shapes) {
    for (int index : indexes) {
      Core core = new Core(index, inTurn, shapes);
      all.add(core);
      for (int i = 0; i < slotsPerCore; i++) {
        Slot slot = new Slot(slots.size(), core);
        slots.add(slot);
        core.add(slot);
      }
    }
  }

  public List<Core> all() {
    return all;
  }

  /** The slots of all cores, by index. */
  public List<Slot> slots() {
    return slots;
  }

  /** Executions in flight on all cores. */
  public int busySlots() {
    return busySlots;
  }

  /** Slots of the cores that serve. */
  public int servingSlots() {
    int count = 0;
    for (int i = 0; i < all.size(); i++) {
      count += all.get(i).serves() ? all.get(i).slots() : 0;
    }
    return count;
  }

  /**
   * Of the cores with an idle slot, the one that will be free first; the core to avoid only if no
   * other has one.
   */
  public @Nullable Core best(int avoid, long nowNanos) {
    Core best = null;
    for (int i = 0; i < all.size(); i++) {
      Core core = all.get(i);
      if (core.canTakeWork() && (best == null || core.isBetterThan(best, avoid, nowNanos))) {
        best = core;
      }
    }
    return best;
  }

  /** Binds an execution to an idle slot. */
  public void begin(Slot slot, Shape shape, long nowNanos) {
    slot.core.begin(slot, shape, nowNanos);
    busySlots++;
  }

  /** See {@link Core#end}. */
  public void end(Slot slot, boolean well, long written, long nowNanos) {
    slot.core.end(slot, well, written, nowNanos);
    busySlots--;
  }

  /** Stops using a core. */
  public void fail(Core core, DeviceFailureException failure) {
    core.fail(failure);
    lastFailure = failure;
  }

  /** Whether this core serves and no other core does. */
  public boolean isLast(Core core) {
    int serving = 0;
    for (int i = 0; i < all.size(); i++) {
      serving += all.get(i).serves() ? 1 : 0;
    }
    return serving == 1 && core.serves();
  }

  public boolean noneServes() {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).serves()) {
        return false;
      }
    }
    return true;
  }

  /** The exception that says why nothing can be executed any more. */
  public DeviceFailureException noneLeft() {
    return noneLeft(lastFailure);
  }

  /** The exception that says why nothing could be executed after a failure. */
  public static DeviceFailureException noneLeft(@Nullable DeviceFailureException last) {
    return new DeviceFailureException(
        "No core is left; the failure of the last one: " + (last == null ? "" : last.getMessage()),
        last == null ? -1 : last.core(),
        last);
  }
}
