package io.github.neuronembed.engine;

import io.github.neuronembed.DeviceFailureException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Every core of a backend, those that left the rotation too. Belongs to the engine's lock. */
final class Cores implements Iterable<Core> {

  private final List<Core> all = new ArrayList<>();
  private @Nullable DeviceFailureException lastFailure;

  void add(Core core) {
    all.add(core);
  }

  @Override
  public Iterator<Core> iterator() {
    return Collections.unmodifiableList(all).iterator();
  }

  /** The core with an idle slot that will be free first, another than the one to avoid. */
  @Nullable Core best(int avoid, long nowNanos) {
    Core best = null;
    for (Core core : all) {
      if (core.canTakeWork() && (best == null || core.isBetterThan(best, avoid, nowNanos))) {
        best = core;
      }
    }
    return best;
  }

  /**
   * Takes a core out of the rotation.
   *
   * @return whether it was in it
   */
  boolean fail(Core core, DeviceFailureException failure) {
    if (core.failure != null) {
      return false;
    }
    core.failure = failure;
    lastFailure = failure;
    return true;
  }

  boolean noneServes() {
    for (Core core : all) {
      if (core.failure == null) {
        return false;
      }
    }
    return true;
  }

  /** Why nothing can be executed any more; new for each request, whose own stack it has. */
  DeviceFailureException noneLeft() {
    DeviceFailureException last = lastFailure;
    return new DeviceFailureException(
        "No core is left; the last one's failure: " + (last == null ? "" : last.getMessage()),
        last == null ? -1 : last.core(),
        last);
  }

  /**
   * @param closing whether the engine takes no more requests
   */
  EngineHealth health(boolean closing) {
    Map<Integer, String> failures = new TreeMap<>();
    for (Core core : all) {
      if (core.failure != null) {
        failures.put(core.index(), String.valueOf(core.failure.getMessage()));
      }
    }
    EngineHealth.State state =
        closing || failures.size() == all.size()
            ? EngineHealth.State.FAILED
            : failures.isEmpty() ? EngineHealth.State.READY : EngineHealth.State.DEGRADED;
    return new EngineHealth(state, failures);
  }
}
