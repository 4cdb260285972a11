package io.github.neuronembed.engine;

/** How urgent a request is. */
public enum Lane {
  /** Somebody waits: goes first, and is refused at once when too much is waiting already. */
  INTERACTIVE,

  /** Work by the million: takes what is left, never less than its share, and waits for room. */
  BULK
}
