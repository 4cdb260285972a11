package io.github.neuronembed.cli.bench.measure;

/** Somebody wants the run to end early; what was measured so far is still reported. */
public final class StopSignal {

  /** Whoever waits looks at least so often. */
  public static final long LOOK_NANOS = 100_000_000;

  private volatile boolean requested;

  public void request() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }
}
