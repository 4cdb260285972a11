package io.github.neuronembed.engine;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads that wait for work. One thread at a time waits with a timeout, the others wait for a
 * signal. Used under the dispatcher's lock.
 */
final class IdleThreads {

  private final Condition work;

  /** When a waiting thread checks again by itself. */
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
   * Waits for a signal, or for a time unless another thread checks by then. The caller checks
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
      // A callback caused the interrupt; it ends no engine thread. The flag is cleared.
      work.signal();
    } finally {
      if (timed && nextLook == until) {
        nextLook = Next.NEVER;
      }
    }
  }
}
