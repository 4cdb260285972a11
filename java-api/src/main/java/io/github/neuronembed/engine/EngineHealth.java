package io.github.neuronembed.engine;

import java.util.Map;

/**
 * Whether an engine serves.
 *
 * @param state in one word
 * @param failedCores why cores left the rotation, by core; empty when all serve
 */
public record EngineHealth(State state, Map<Integer, String> failedCores) {

  /** Whether an engine serves, in one word. */
  public enum State {
    /** All cores serve. */
    READY,
    /** Some cores serve. */
    DEGRADED,
    /** No core serves, or the engine is closed. */
    FAILED
  }
}
