package io.github.neuronembed.engine;

import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.Answer.Refused;
import io.github.neuronembed.engine.Answer.Waits;
import io.github.neuronembed.engine.Next.WaitUntil;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads, the clock and the lock around a {@link Scheduler}: one thread per slot takes leases,
 * executes them and returns them, and one thread watches deadlines. A caller that gets a lease runs
 * the same code. Whatever is thrown, the lease is returned and the thread continues.
 */
final class Dispatcher {

  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final long ORIGIN = System.nanoTime();

  private final Scheduler scheduler;
  private final List<SlotSet> slots;
  private final Completions completions;
  private final EngineListener listener;
  private final Runnable lateEnd;
  private final List<EngineThread> threads = new ArrayList<>();
  private final Watcher watcher;

  private final ReentrantLock lock = new ReentrantLock();
  private final IdleThreads idle = new IdleThreads(lock);
  private final Condition slotBack = lock.newCondition();

  /** Threads that wait for slots; if there is none, no thread is woken. */
  private int slotWaiters;

  /** Whether the last lease that is returned ends the dispatcher. */
  private boolean endsLate;

  private boolean stoppedFree;

  /** Used by the watcher only: whether it checks again. */
  private boolean watches = true;

  /**
   * @param slots by their index in the scheduler
   * @param lateEnd called when the last lease comes back after {@link #stop}
   */
  Dispatcher(
      Scheduler scheduler,
      List<SlotSet> slots,
      Completions completions,
      EngineListener listener,
      Runnable lateEnd) {
    this.scheduler = scheduler;
    this.slots = slots;
    this.completions = completions;
    this.listener = listener;
    this.lateEnd = lateEnd;
    for (int i = 0; i < slots.size(); i++) {
      threads.add(new EngineThread(this, this::turn, "neuron-embed-engine-" + i));
    }
    this.watcher = new Watcher(this);
    threads.add(watcher.thread());
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** Nanoseconds on the engine's clock; never negative, so that sums and comparisons are safe. */
  static long now() {
    return System.nanoTime() - ORIGIN;
  }

  boolean isOwnThread() {
    return Thread.currentThread() instanceof EngineThread thread && thread.dispatcher == this;
  }

  /**
   * Hands a call over, waits for space in the queue if necessary, and executes it on this thread if
   * possible.
   *
   * @param here whether this thread may execute it
   * @throws RuntimeException if it is rejected
   */
  void submit(Call call, boolean here) {
    boolean mayWait = !isOwnThread();
    Answer answer;
    Request ended;
    Group entered;
    boolean sooner;
    lock.lock();
    try {
      answer = scheduler.admit(call, here, mayWait, now());
      if (answer == Waits.QUEUED) {
        idle.wakeOne();
      }
      sooner = watcher.isLateFor(scheduler.nextDeadline());
      ended = scheduler.takeEnded();
      entered = scheduler.takeEntered();
    } finally {
      lock.unlock();
    }
    if (answer instanceof Lease lease) {
      run(lease);
    }
    report(ended, entered);
    if (sooner) {
      watcher.wake();
    }
    if (answer instanceof Refused refused) {
      if (refused.overload()) {
        listener.refused(call.bulk ? Lane.BULK : Lane.INTERACTIVE);
      }
      throw refused.reason();
    }
    if (answer == Waits.IN_LINE) {
      call.awaitSpace(this);
    }
  }

  /** The caller no longer waits for a call. */
  void withdraw(Call call) {
    change(() -> scheduler.withdraw(call, now()));
  }

  private void report(@Nullable Request ended, @Nullable Group entered) {
    completions.reportEntered(entered);
    completions.reportEnded(ended);
  }

  /** What a thread of the engine does: executes a lease, or waits. Returns whether to go on. */
  private boolean turn() {
    Lease lease = null;
    Request ended;
    Group entered;
    lock.lock();
    try {
      if (scheduler.isClosed()) {
        return false;
      }
      Next next = scheduler.next(now());
      if (next instanceof Lease taken) {
        lease = taken;
        if (scheduler.hasWaiting()) {
          idle.wakeOne();
        }
      } else if (!scheduler.hasNews()) {
        idle.await(((WaitUntil) next).nanos());
      }
      ended = scheduler.takeEnded();
      entered = scheduler.takeEntered();
    } catch (Throwable e) {
      abandon(lease);
      throw e;
    } finally {
      lock.unlock();
    }
    report(ended, entered);
    if (lease != null) {
      run(lease);
    }
    return true;
  }

  /** Executes a lease, returns it in any case, and reports the result. */
  private void run(Lease lease) {
    EngineListener.Execution execution = null;
    try {
      execution = slots.get(lease.slot.index).execute(lease);
    } catch (Throwable e) {
      fail(lease, e);
    }
    giveBack(lease, execution);
  }

  private static void fail(Lease lease, Throwable reason) {
    try {
      lease.failed(reason);
    } catch (Throwable e) {
      // There is no memory or stack for a message; a lease without success counts as failed.
    }
  }

  private void giveBack(Lease lease, EngineListener.@Nullable Execution execution) {
    boolean back = false;
    DeviceFailureException left;
    Request ended;
    Group entered;
    boolean last;
    lock.lock();
    try {
      left = scheduler.finished(lease, now());
      back = true;
      if (left != null) {
        idle.wakeAll();
      } else if (scheduler.hasWaiting()) {
        idle.wakeOne();
      }
      wakeSlotWaiters();
      ended = scheduler.takeEnded();
      entered = scheduler.takeEntered();
      last = endsLate && scheduler.leasesOut() == 0;
    } finally {
      if (!back) {
        abandon(lease);
      }
      lock.unlock();
    }
    if (left != null) {
      LOG.error("Core {} left the rotation: {}", lease.slot.core.index(), left.getMessage());
    }
    if (execution != null) {
      listener.executed(execution);
    }
    report(ended, entered);
    if (last) {
      lateEnd.run();
    }
  }

  /** This thread cannot return a lease: the watcher does it. */
  private void abandon(@Nullable Lease lease) {
    if (lease != null) {
      lease.abandoned = true;
      watcher.wake();
    }
  }

  private void wakeSlotWaiters() {
    if (slotWaiters > 0) {
      slotBack.signalAll();
    }
  }

  /** What the watcher does, with {@link Watcher}: returns whether to look again. */
  boolean look() {
    for (int i = 0; i < slots.size(); i++) {
      Lease lease = scheduler.lease(i);
      if (lease.abandoned) {
        lease.abandoned = false;
        giveBack(lease, null);
      }
    }
    completions.retry();
    change(
        () -> {
          scheduler.expire(now());
          watcher.nextLook(scheduler.nextDeadline());
          watches = !scheduler.isClosed() || scheduler.leasesOut() > 0;
        });
    return watches;
  }

  /** Does something under the lock and reports the result; for rare operations. */
  private void change(Runnable step) {
    Request ended;
    Group entered;
    lock.lock();
    try {
      step.run();
      wakeSlotWaiters();
      ended = scheduler.takeEnded();
      entered = scheduler.takeEntered();
    } finally {
      lock.unlock();
    }
    report(ended, entered);
  }

  /** Makes one thread look for work. */
  void wakeOne() {
    lock.lock();
    try {
      idle.wakeOne();
    } finally {
      lock.unlock();
    }
  }

  /** Executes a shape on a slot once; waits while the slot is in use. Throws what went wrong. */
  void warmUp(int slotIndex, Shape shape) {
    int[][] rows = new int[shape.batchSize()][shape.sequenceLength()];
    Call call =
        new Call(List.of(new Request(rows, 0)), RequestOptions.INTERACTIVE, false, now(), null);
    Lease lease;
    lock.lock();
    try {
      slotWaiters++;
      lease = scheduler.reserve(slotIndex, call, shape, now());
      while (lease == null) {
        slotBack.awaitUninterruptibly();
        lease = scheduler.reserve(slotIndex, call, shape, now());
      }
    } finally {
      slotWaiters--;
      lock.unlock();
    }
    run(lease);
    call.await(this);
  }

  EngineHealth health() {
    return read(scheduler::health);
  }

  EngineSnapshot snapshot() {
    return read(scheduler::snapshot);
  }

  private <T> T read(Supplier<T> view) {
    lock.lock();
    try {
      return view.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Admits no more requests, lets the admitted ones end within a time, and then ends the rest.
   *
   * @return whether all leases are returned; else {@code lateEnd} is called when the last one is
   */
  boolean stop(long patienceNanos) {
    change(
        () -> {
          scheduler.startClosing();
          idle.wakeAll();
          slotBack.signalAll();
        });
    change(
        () -> {
          awaitDrained(patienceNanos);
          scheduler.close(now());
          endsLate = scheduler.leasesOut() > 0;
          stoppedFree = !endsLate;
          idle.wakeAll();
        });
    watcher.wake();
    return stoppedFree;
  }

  private void awaitDrained(long patienceNanos) {
    long patience = patienceNanos;
    slotWaiters++;
    try {
      while (patience > 0 && (scheduler.hasWaiting() || scheduler.leasesOut() > 0)) {
        patience = slotBack.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      slotWaiters--;
    }
  }

  /**
   * Waits for the threads to end, except those that are in a caller's callback or in an execution.
   */
  void join(long millis) {
    EngineThread.join(threads, millis);
  }
}
