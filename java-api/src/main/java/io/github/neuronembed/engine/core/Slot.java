package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import org.jspecify.annotations.Nullable;

/** What the books say about one of a core's executions at a time. Belongs to the scheduler. */
public final class Slot {

  /** Zero-based among the slots of all cores. */
  public final int index;

  public final Core core;
  boolean busy;

  /** When the execution under way was bound to the core, and how long it is expected to take. */
  long beganNanos;

  long expectedNanos;
  @Nullable Shape shape;
  @Nullable Slot nextIdle;

  Slot(int index, Core core) {
    this.index = index;
    this.core = core;
  }

  public boolean isBusy() {
    return busy;
  }
}
