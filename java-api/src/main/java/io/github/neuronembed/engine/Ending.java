package io.github.neuronembed.engine;

/** How an accepted request ended. */
public enum Ending {
  /** With its vectors. */
  COMPLETED,

  /** With an exception: the backend's, or because the engine was closed. */
  FAILED,

  /** Its deadline passed before its execution began. */
  EXPIRED,

  /** The caller withdrew it. */
  CANCELLED
}
