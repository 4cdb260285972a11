package io.github.neuronembed.engine;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.Core;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Batch;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.Request.Outcome;
import io.github.neuronembed.engine.queue.RequestQueue;
import org.jspecify.annotations.Nullable;

/**
 * All mutable state of an engine: waiting requests, running executions, their cores, and results.
 * It has no thread, no clock and no callback: callers ask for decisions and pass the time.
 *
 * <p>Every admitted request ends exactly once, and every lease comes back exactly once. Ended
 * requests are collected; the holder of the lock takes them and reports them afterwards. Exceptions
 * are created before anything changes, and changes allocate nothing, so that an error at any step
 * leaves a consistent state.
 *
 * <p>Not thread-safe: used under one lock.
 */
final class Scheduler {

  private final RequestQueue queue;
  private final Cores cores;
  private final Statistics statistics;
  private final Ends ends;
  private final long batchWaitNanos;
  private final Lease[] leases;
  private boolean closing;
  private boolean closed;

  /**
   * @param queue empty
   * @param cores with idle slots
   * @param batchWaitNanos how long a free slot waits for company for a batch that is not full
   */
  Scheduler(Buckets buckets, RequestQueue queue, Cores cores, long batchWaitNanos) {
    this.queue = queue;
    this.cores = cores;
    this.statistics = new Statistics(buckets);
    this.ends = new Ends(queue, statistics);
    this.batchWaitNanos = batchWaitNanos;
    this.leases = new Lease[cores.slots().size()];
    for (Slot slot : cores.slots()) {
      leases[slot.index] = new Lease(slot, new Batch(buckets.mostTexts()));
    }
  }

  /**
   * Admits a group: all of it, or nothing.
   *
   * @param group new
   * @param runsItself whether the caller would execute it: it gets a lease if no request waits, a
   *     slot is idle, and waiting has no advantage
   * @param mayWait whether the caller can wait for space in the queue
   */
  Answer admit(Group group, boolean runsItself, boolean mayWait, long now) {
    expire(now);
    if (closing) {
      return new Answer.Refused(Failures.closed(), false);
    }
    if (cores.noneServes()) {
      return new Answer.Refused(cores.noneLeft(), false);
    }
    if (group.isExpired(now)) {
      return new Answer.Refused(Failures.deadlineExceeded(), false);
    }
    Lease lease = runsItself ? leaseAtOnce(group, now) : null;
    if (lease != null) {
      return lease;
    }
    switch (queue.offer(group, mayWait && group.waitsForSpace)) {
      case ADMITTED -> {
        statistics.accepted(group);
        return Answer.Waits.QUEUED;
      }
      case IN_LINE -> {
        return Answer.Waits.IN_LINE;
      }
      default -> {
        statistics.refused();
        return new Answer.Refused(
            new EngineOverloadedException(
                queue.requests(),
                queue.tokens(),
                statistics.timeFor(queue.tokens() / 2, cores.servingSlots())),
            true);
      }
    }
  }

  /** A batch that might grow, or that is not urgent, does not queue behind another execution. */
  private @Nullable Lease leaseAtOnce(Group group, long now) {
    Core core = queue.isEmpty() ? cores.best(-1, now) : null;
    if (core == null || group.requests.size() > 1) {
      return null;
    }
    Request request = group.requests.get(0);
    boolean full = queue.fills(request);
    if ((core.nanosUntilWanted(now) > 0 && !(full && !group.bulk))
        || (!full && batchWaitNanos > 0)) {
      return null;
    }
    Lease lease = leases[core.idleSlot().index];
    queue.pass(group);
    statistics.accepted(group);
    lease.batch.add(request);
    lease.batch.shape(queue.shapeFor(request, core.times()));
    return begin(lease, now);
  }

  /**
   * A lease of one slot for a group that is not counted, for warming up.
   *
   * @param group of one request
   * @return null while the slot is busy
   * @throws RuntimeException if the engine is closing, or the slot's core has left
   */
  @Nullable Lease reserve(int slotIndex, Group group, Shape shape, long now) {
    if (closing) {
      throw Failures.closed();
    }
    Lease lease = leases[slotIndex];
    Core core = lease.slot.core;
    DeviceFailureException failure = core.failure();
    if (failure != null) {
      throw new DeviceFailureException(
          String.valueOf(failure.getMessage()), failure.core(), failure);
    }
    if (lease.slot.isBusy()) {
      return null;
    }
    queue.pass(group);
    lease.batch.add(group.requests.get(0));
    lease.batch.shape(shape);
    return begin(lease, now);
  }

  /** A batch for a slot, or how long to wait for one. */
  Next next(long now) {
    expire(now);
    if (queue.isEmpty()) {
      return Next.FOR_AN_EVENT;
    }
    long batchWait = closing ? 0 : batchWaitNanos;
    Request leader = queue.leader(now, batchWait);
    Core core = cores.best(leader == null ? -1 : leader.avoidCore, now);
    if (core == null) {
      // The next returned slot is the event.
      return Next.FOR_AN_EVENT;
    }
    if (leader == null) {
      return new Next.WaitUntil(queue.ripeAt(batchWait));
    }
    long early = core.nanosUntilWanted(now);
    if (early > 0) {
      return new Next.WaitUntil(now + early);
    }
    Lease lease = leases[core.idleSlot().index];
    queue.take(leader, core.times(), lease.batch);
    begin(lease, now);
    letIn();
    return lease;
  }

  private Lease begin(Lease lease, long now) {
    Batch batch = lease.batch;
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.request(i);
      request.state = Request.State.RUNNING;
      request.startNanos = now;
      request.spoiled = false;
      if (request.group().counted) {
        statistics.begun(request);
      }
    }
    cores.begin(lease.slot, batch.shape(), now);
    lease.begin();
    return lease;
  }

  /**
   * A lease is returned: its slot is idle, and its requests have ended or wait again. A lease
   * without {@link Lease#succeeded} has failed.
   *
   * @return why its core left the rotation; null if it did not
   */
  @Nullable DeviceFailureException finished(Lease lease, long now) {
    RuntimeException failure = lease.failure();
    RuntimeException spoiled = lease.spoiled();
    Core core = lease.slot.core;
    Batch batch = lease.batch;
    DeviceFailureException device = failure instanceof DeviceFailureException e ? e : null;
    boolean coreFails = device != null && core.serves();
    RuntimeException noneLeft =
        device != null && (cores.noneServes() || cores.isLast(core))
            ? Cores.noneLeft(device)
            : null;
    if (device != null && coreFails) {
      cores.fail(core, device);
    }
    if (lease.slot.isBusy()) {
      cores.end(lease.slot, failure == null, lease.writeNanos(), now);
      if (failure == null && batch.request(0).group().counted) {
        core.count();
        statistics.executed(lease);
      }
    }
    boolean again = device != null || (failure instanceof InferenceException e && e.isRetryable());
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.request(i);
      if (request.state != Request.State.RUNNING) {
        continue;
      }
      if (executesAlone(request, batch, failure)) {
        request.alone = true;
        statistics.retried();
        queue.putBack(request);
      } else if (failure == null) {
        complete(request, spoiled, now);
      } else if (again && mayRunAgain(request)) {
        request.retried = true;
        request.avoidCore = core.index();
        statistics.retried();
        queue.putBack(request);
      } else {
        ends.end(request, Outcome.FAILED, failure, now);
      }
    }
    batch.clear();
    if (noneLeft != null) {
      ends.endAll(noneLeft, leases, closing, now);
    }
    lease.end();
    return coreFails ? device : null;
  }

  /**
   * Whether a request is executed once more alone, so that only the text with non-finite values
   * fails: the device reports them for the whole execution, and such a text spoils the row that it
   * shares.
   */
  private boolean executesAlone(Request request, Batch batch, @Nullable RuntimeException failure) {
    boolean suspect =
        failure instanceof NotFiniteException
            || (failure == null && request.spoiled && batch.shape().isPacked());
    return suspect && batch.size() > 1 && request.group().counted && !closed && !cores.noneServes();
  }

  private void complete(Request request, @Nullable RuntimeException spoiled, long now) {
    if (request.spoiled) {
      statistics.notFinite();
      ends.end(request, Outcome.FAILED, spoiled, now);
    } else {
      ends.end(request, Outcome.COMPLETED, null, now);
    }
  }

  private boolean mayRunAgain(Request request) {
    return request.group().counted && !request.retried && !closed && !cores.noneServes();
  }

  /** Ends waiting requests whose deadline has passed. */
  void expire(long now) {
    Group group = queue.expired(now);
    while (group != null) {
      DeadlineExceededException reason = Failures.deadlineExceeded();
      if (group.state == Group.State.IN_LINE) {
        ends.leaveLine(group, reason);
      } else {
        ends.endGroup(group, Outcome.EXPIRED, Outcome.CANCELLED, reason, now);
      }
      group = queue.expired(now);
    }
    letIn();
  }

  /** The caller no longer waits for a group. Does nothing if the group has ended. */
  void withdraw(Group group, long now) {
    if (group.state == Group.State.IN_LINE) {
      ends.leaveLine(group, null);
    } else if (group.state == Group.State.ADMITTED) {
      ends.endGroup(group, Outcome.CANCELLED, Outcome.CANCELLED, null, now);
    }
    letIn();
  }

  /** Admits nothing more. */
  void startClosing() {
    closing = true;
    Group group = queue.firstInLine();
    while (group != null) {
      ends.leaveLine(group, Failures.closed());
      group = queue.firstInLine();
    }
  }

  /** Ends waiting and running requests. Leases in use are still returned. */
  void close(long now) {
    startClosing();
    ends.endAll(
        new IllegalStateException("The embedder was closed before the request was served."),
        leases,
        closing,
        now);
    closed = true;
  }

  private void letIn() {
    Group group = closing ? null : queue.enterNext();
    while (group != null) {
      statistics.accepted(group);
      ends.entered(group);
      group = queue.enterNext();
    }
  }

  /** The requests that ended since the last call, linked; report them without the lock. */
  @Nullable Request takeEnded() {
    return ends.takeEnded();
  }

  /** The groups that left the line since the last call, linked. */
  @Nullable Group takeEntered() {
    return ends.takeEntered();
  }

  boolean hasNews() {
    return !ends.isEmpty();
  }

  /** The time when {@link #expire} has work. */
  long nextDeadline() {
    return queue.nextDeadline();
  }

  boolean hasWaiting() {
    return !queue.isEmpty();
  }

  /** Leases in use. */
  int leasesOut() {
    return cores.busySlots();
  }

  Lease lease(int slotIndex) {
    return leases[slotIndex];
  }

  boolean isClosing() {
    return closing;
  }

  boolean isClosed() {
    return closed;
  }

  EngineHealth health() {
    return statistics.health(cores, closing);
  }

  EngineSnapshot snapshot() {
    return statistics.snapshot(cores, queue, closing);
  }
}
