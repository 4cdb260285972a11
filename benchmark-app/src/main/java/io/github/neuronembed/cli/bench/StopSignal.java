package io.github.neuronembed.cli.bench;

/** Somebody wants the run to end early; what was measured so far is still reported. */
final class StopSignal {

  /** Whoever waits looks at least so often. */
  static final long LOOK_NANOS = 100_000_000;

  private volatile boolean requested;

  void request() {
    requested = true;
  }

  boolean isRequested() {
    return requested;
  }
}
