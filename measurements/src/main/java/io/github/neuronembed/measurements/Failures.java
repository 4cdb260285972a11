package io.github.neuronembed.measurements;

import java.util.concurrent.atomic.AtomicReference;

/** The first failure of threads that measure: without it, a caller that died would look fast. */
final class Failures implements Thread.UncaughtExceptionHandler {

  private final AtomicReference<Throwable> first = new AtomicReference<>();

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    first.compareAndSet(null, failure);
  }

  /** Ends the measurement if a thread failed; called when all have ended. */
  void rethrow() {
    Throwable failure = first.get();
    if (failure != null) {
      throw new IllegalStateException("A caller failed.", failure);
    }
  }
}
