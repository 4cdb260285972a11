package io.github.neuronembed.engine;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads that wait for work. One of them at a time waits for a time, the others for a signal.
 * Used under the dispatcher's lock.
 */
final class IdleThreads {

  private final Condition work;

  /** When a thread that waits looks again by itself. */
  private long nextLook = Next.NEVER;

  IdleThreads(ReentrantLock lock) {
    this.work = lock.newCondition();
  }

  /** Wakes one. */
  void wakeOne() {
    work.signal();
  }

  void wakeAll() {
    work.signalAll();
  }

  /**
   * Waits for a signal, or for a time unless another thread looks by then anyway. The caller looks
   * again.
   */
  @SuppressWarnings("WaitNotInLoop")
  void await(long until) {
    boolean timed = until < nextLook;
    try {
      if (timed) {
        nextLook = until;
        work.awaitNanos(until - Dispatcher.now());
      } else {
        work.await();
      }
    } catch (InterruptedException e) {
      // A callback's doing; it ends no thread of the engine. The flag is clear again.
      work.signal();
    } finally {
      if (timed && nextLook == until) {
        nextLook = Next.NEVER;
      }
    }
  }
}
