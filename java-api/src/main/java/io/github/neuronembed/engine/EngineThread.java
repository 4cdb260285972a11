package io.github.neuronembed.engine;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread of an engine: runs rounds until the last one, whatever a round throws. It must not wait
 * for its own engine.
 */
final class EngineThread extends Thread {

  private static final Logger LOG = LoggerFactory.getLogger(EngineThread.class);

  /** How long it pauses after an unexpected error. */
  private static final long REST_NANOS = 10_000_000;

  final Dispatcher dispatcher;
  private final BooleanSupplier round;

  /**
   * @param round returns whether there is another
   */
  EngineThread(Dispatcher dispatcher, BooleanSupplier round, String name) {
    super(name);
    this.dispatcher = dispatcher;
    this.round = round;
    setDaemon(true);
  }

  @Override
  public void run() {
    boolean goesOn = true;
    while (goesOn) {
      try {
        goesOn = round.getAsBoolean();
      } catch (Throwable e) {
        survive(e);
      }
    }
  }

  private void survive(Throwable reason) {
    try {
      LOG.error("An engine thread continues after an error.", reason);
      LockSupport.parkNanos(this, REST_NANOS);
      // Another thread may do the work that this thread was woken for.
      dispatcher.wakeOne();
    } catch (Throwable e) {
      // There is no memory or stack for more; the next round runs in any case.
    }
  }

  /** Waits for threads to end, except this one, up to a total time. */
  static void join(List<EngineThread> threads, long millis) {
    boolean interrupted = Thread.interrupted();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (Thread thread : threads) {
      long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      while (thread != Thread.currentThread() && thread.isAlive() && left > 0) {
        try {
          thread.join(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
