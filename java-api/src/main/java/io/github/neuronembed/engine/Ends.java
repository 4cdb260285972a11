package io.github.neuronembed.engine;

import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.Request.Outcome;
import io.github.neuronembed.engine.queue.RequestQueue;
import org.jspecify.annotations.Nullable;

/**
 * Ends requests and their groups, each once; a group ends with its first failed request. Collects
 * the ended ones in a linked list until they are taken and reported. Belongs to the scheduler;
 * allocates nothing.
 */
final class Ends {

  private final RequestQueue queue;
  private final Statistics statistics;
  private @Nullable Request firstEnded;
  private @Nullable Request lastEnded;
  private @Nullable Group entered;

  Ends(RequestQueue queue, Statistics statistics) {
    this.queue = queue;
    this.statistics = statistics;
  }

  /**
   * Ends a request that has not ended; also its group, if the request is the last one or failed.
   */
  void end(Request request, Outcome outcome, @Nullable RuntimeException reason, long now) {
    Group group = request.group();
    boolean last = conclude(request, outcome, now);
    if (!group.isOver() && (last || outcome != Outcome.COMPLETED)) {
      request.endsGroup = true;
      over(group, outcome == Outcome.COMPLETED ? null : reason);
      endRest(group, Outcome.CANCELLED, Outcome.CANCELLED, now);
    }
  }

  /**
   * Ends an admitted group that has not ended: its waiting requests in one way, its running ones in
   * another.
   */
  void endGroup(
      Group group, Outcome waiting, Outcome running, @Nullable RuntimeException reason, long now) {
    over(group, reason);
    Request first = endRest(group, waiting, running, now);
    if (first != null) {
      first.endsGroup = true;
    }
  }

  private @Nullable Request endRest(Group group, Outcome waiting, Outcome running, long now) {
    Request first = null;
    for (int i = 0; i < group.requests.size(); i++) {
      Request request = group.requests.get(i);
      if (request.state != Request.State.ENDED) {
        conclude(request, request.state == Request.State.QUEUED ? waiting : running, now);
        first = first == null ? request : first;
      }
    }
    return first;
  }

  /** Returns whether it was the last one of its group. */
  private boolean conclude(Request request, Outcome outcome, long now) {
    if (request.state == Request.State.QUEUED) {
      queue.remove(request);
    }
    request.state = Request.State.ENDED;
    request.outcome = outcome;
    request.endNanos = now;
    request.startNanos = request.startNanos == 0 ? now : request.startNanos;
    if (request.group().counted) {
      statistics.ended(outcome);
    }
    if (lastEnded == null) {
      firstEnded = request;
    } else {
      lastEnded.nextEnded = request;
    }
    lastEnded = request;
    return request.group().endOne();
  }

  private void over(Group group, @Nullable RuntimeException reason) {
    group.state = Group.State.OVER;
    group.failure = reason;
    queue.over(group);
  }

  /**
   * A group leaves the line without having been admitted.
   *
   * @param reason null if its caller no longer waits
   */
  void leaveLine(Group group, @Nullable RuntimeException reason) {
    queue.leaveLine(group);
    group.refused = true;
    over(group, reason);
    if (reason != null) {
      statistics.refused();
    }
    entered(group);
  }

  /**
   * Ends all waiting requests for one reason.
   *
   * @param leases of all slots
   * @param runningToo whether running requests end as well
   */
  void endAll(RuntimeException reason, Lease[] leases, boolean runningToo, long now) {
    Group inLine = queue.firstInLine();
    while (inLine != null) {
      leaveLine(inLine, reason);
      inLine = queue.firstInLine();
    }
    Request waiting = queue.oldest();
    while (waiting != null) {
      endGroup(waiting.group(), Outcome.FAILED, Outcome.FAILED, reason, now);
      waiting = queue.oldest();
    }
    // If no core is left, running requests fail by themselves, with their own reason.
    for (int slot = 0; runningToo && slot < leases.length; slot++) {
      Lease lease = leases[slot];
      for (int i = 0; lease.isOut() && i < lease.batch.size(); i++) {
        Group group = lease.batch.request(i).group();
        if (!group.isOver()) {
          endGroup(group, Outcome.FAILED, Outcome.FAILED, reason, now);
        }
      }
    }
  }

  /** A group has left the line. */
  void entered(Group group) {
    group.nextEntered = entered;
    entered = group;
  }

  /** The requests that ended since the last call, linked. */
  @Nullable Request takeEnded() {
    Request taken = firstEnded;
    firstEnded = null;
    lastEnded = null;
    return taken;
  }

  /** The groups that left the line since the last call, linked. */
  @Nullable Group takeEntered() {
    Group taken = entered;
    entered = null;
    return taken;
  }

  boolean isEmpty() {
    return firstEnded == null && entered == null;
  }
}
