package io.github.neuronembed.engine.core;

import io.github.neuronembed.backend.Shape;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler's record of one slot of a core, which holds one execution at a time. Part of the
 * scheduler's state.
 */
public final class Slot {

  /** Zero-based among the slots of all cores. */
  public final int index;

  public final Core core;
  boolean busy;

  /** When the execution in flight was bound to the core, and how long it is expected to take. */
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
