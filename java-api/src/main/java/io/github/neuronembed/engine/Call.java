package io.github.neuronembed.engine;

import io.github.neuronembed.InferenceException;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A group and its waiter: a thread, or a future. */
final class Call extends Group {

  private final @Nullable RequestFuture<?> future;
  private volatile @Nullable Thread waiter;
  private volatile boolean leftLine;
  private volatile boolean notified;

  /**
   * @param future completed at the end; null if a thread waits
   */
  Call(
      List<Request> requests,
      RequestOptions options,
      boolean counted,
      long madeNanos,
      @Nullable RequestFuture<?> future) {
    super(
        requests,
        options.lane() == Lane.BULK,
        options.waitsForSpace(),
        counted,
        madeNanos,
        deadline(options, madeNanos));
    this.future = future;
  }

  private static long deadline(RequestOptions options, long madeNanos) {
    if (options.timeout() == null) {
      return NO_DEADLINE;
    }
    // A time that does not fit a long means no limit.
    long most = NO_DEADLINE - madeNanos;
    return options.timeout().toSeconds() >= most / 1_000_000_000
        ? NO_DEADLINE
        : madeNanos + options.timeout().toNanos();
  }

  /**
   * Waits until it has left the line.
   *
   * @throws RuntimeException if it was rejected, or this thread was interrupted
   */
  void awaitSpace(Dispatcher dispatcher) {
    await(() -> leftLine, dispatcher, "Interrupted while waiting for space in the queue.");
    if (refused && failure != null) {
      throw Failures.forCaller(failure);
    }
  }

  /**
   * Waits until it has ended; returns the vectors of all rows.
   *
   * @throws RuntimeException if it failed, or this thread was interrupted
   */
  float[][] await(Dispatcher dispatcher) {
    await(() -> false, dispatcher, "Interrupted while waiting for a vector.");
    if (failure != null) {
      throw Failures.forCaller(failure);
    }
    return vectors();
  }

  private void await(BooleanSupplier enough, Dispatcher dispatcher, String interrupted) {
    waiter = Thread.currentThread();
    while (!notified && !enough.getAsBoolean()) {
      LockSupport.park(this);
      if (Thread.currentThread().isInterrupted()) {
        dispatcher.withdraw(this);
        throw new InferenceException(interrupted, false);
      }
    }
  }

  /** It has left the line: its requests wait in the queue, or it has ended. */
  void notifyLeftLine() {
    leftLine = true;
    wake();
  }

  /** Whether it has ended and its waiter was notified. */
  boolean isNotified() {
    return notified;
  }

  /** It has ended: wakes the waiting thread, or completes the future. */
  void notifyEnd() {
    notified = true;
    if (future == null) {
      wake();
    } else if (failure != null) {
      future.completeExceptionally(failure);
    } else if (hasVectors()) {
      future.succeed(vectors());
    } else {
      future.cancel(false);
    }
  }

  /** Whether its waiter was notified of the end. */
  boolean hasEnd() {
    return future == null ? notified : future.isDone();
  }

  private boolean hasVectors() {
    for (Request request : requests) {
      if (request.outcome != Request.Outcome.COMPLETED) {
        return false;
      }
    }
    return true;
  }

  /** Vectors of all rows, in their order; only after a success. */
  private float[][] vectors() {
    int rows = 0;
    for (Request request : requests) {
      rows += request.rows.length;
    }
    float[][] all = new float[rows][];
    int at = 0;
    for (Request request : requests) {
      for (int row = 0; row < request.rows.length; row++) {
        all[at++] = request.vector(row);
      }
    }
    return all;
  }

  private void wake() {
    Thread thread = waiter;
    if (thread != null && thread != Thread.currentThread()) {
      LockSupport.unpark(thread);
    }
  }
}
