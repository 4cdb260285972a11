package io.github.neuronembed.cli.bench.measure;

/** The signal to end the run early; the reports still contain what was measured so far. */
public final class StopSignal {

  /** Code that waits checks the signal at least this often. */
  public static final long LOOK_NANOS = 100_000_000;

  private volatile boolean requested;

  public void request() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }
}
