package io.github.neuronembed.cli.bench;

/** Somebody wants the run to end early; what was measured so far is still reported. */
final class StopSignal {

  private volatile boolean requested;

  void request() {
    requested = true;
  }

  boolean isRequested() {
    return requested;
  }
}
