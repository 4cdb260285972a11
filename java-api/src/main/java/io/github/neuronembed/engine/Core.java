package io.github.neuronembed.engine;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Replica;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** One replica and its idle slots. Belongs to the engine's lock. */
final class Core {

  final Replica replica;
  final Deque<SlotSet> idle = new ArrayDeque<>();
  int busySlots;
  long executions;
  @Nullable DeviceFailureException failure;

  Core(Replica replica) {
    this.replica = replica;
  }

  int index() {
    return replica.core();
  }

  boolean canTakeWork() {
    return failure == null && !idle.isEmpty();
  }
}
