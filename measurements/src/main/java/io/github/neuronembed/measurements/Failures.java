package io.github.neuronembed.measurements;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Records the first failure of the measuring threads. Without it, a thread that failed early would
 * look fast.
 */
final class Failures implements Thread.UncaughtExceptionHandler {

  private final AtomicReference<Throwable> first = new AtomicReference<>();

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    first.compareAndSet(null, failure);
  }

  /** Ends the measurement if a thread failed. Call it when all threads have ended. */
  void rethrow() {
    Throwable failure = first.get();
    if (failure != null) {
      throw new IllegalStateException("A caller failed.", failure);
    }
  }
}
