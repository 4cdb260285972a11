package io.github.neuronembed.engine;

/** How urgent a request is. */
public enum Lane {
  /** A user waits for the result: has priority, and is rejected at once when the queue is full. */
  INTERACTIVE,

  /**
   * Large amounts of work: uses the remaining capacity, at least its share, and waits for space in
   * the queue.
   */
  BULK
}
