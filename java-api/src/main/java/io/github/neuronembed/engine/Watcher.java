package io.github.neuronembed.engine;

import java.util.concurrent.locks.LockSupport;

/**
 * When the thread that ends expired requests checks again: at the first deadline, and at intervals
 * for leases and ends that other threads could not return or report. Thread-safe.
 */
final class Watcher {

  /** How often it checks without a signal. */
  private static final long LOOK_NANOS = 1_000_000_000;

  private final EngineThread thread;
  private volatile long nextLook = Next.NEVER;

  Watcher(Dispatcher dispatcher) {
    this.thread = new EngineThread(dispatcher, () -> round(dispatcher), "neuron-embed-deadlines");
  }

  EngineThread thread() {
    return thread;
  }

  private boolean round(Dispatcher dispatcher) {
    boolean again = dispatcher.look();
    if (again) {
      LockSupport.parkNanos(this, nextLook - Dispatcher.now());
      // A callback caused the interrupt; it ends no engine thread.
      Thread.interrupted();
    }
    return again;
  }

  /** The first deadline, {@link Next#NEVER} if there is none. */
  void nextLook(long firstDeadline) {
    nextLook = Math.min(firstDeadline, Dispatcher.now() + LOOK_NANOS);
  }

  /** Whether it would come too late for a deadline. */
  boolean isLateFor(long deadline) {
    return deadline < nextLook;
  }

  /** Makes it check now. */
  void wake() {
    LockSupport.unpark(thread);
  }
}
