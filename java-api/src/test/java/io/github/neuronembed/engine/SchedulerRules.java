package io.github.neuronembed.engine;

import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.LaneQueue;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules that a scheduler has to keep, with books of its own beside the scheduler's. Throws at
 * the first step that breaks one.
 */
final class SchedulerRules {

  private static final int MOST_IN_BATCH = 8;

  private final RequestQueue queue;
  private final Cores cores;
  private final int buckets;
  private final double bulkShare;
  private final long slackTokens;
  private final boolean companyFree;

  final List<Lease> out = new ArrayList<>();
  private final Deque<SimulatedGroup> line = new ArrayDeque<>();
  private final long[][] lastArrival;
  private final long[] led = new long[2];
  long accepted;
  private long acceptedTokens;
  long ended;
  private final Map<Request.Outcome, Long> endings = new EnumMap<>(Request.Outcome.class);
  private long arrivals;

  /** Since both lanes began to wait: tokens that each got in batches that both waited for. */
  private long urgentTokens;

  private long bulkTokens;

  SchedulerRules(
      RequestQueue queue,
      Cores cores,
      int buckets,
      double bulkShare,
      long largestBatchTokens,
      boolean companyFree) {
    this.queue = queue;
    this.cores = cores;
    this.buckets = buckets;
    this.bulkShare = bulkShare;
    this.slackTokens = 3 * largestBatchTokens;
    this.companyFree = companyFree;
    this.lastArrival = new long[2][buckets];
  }

  static void require(boolean rule, String broken) {
    if (!rule) {
      throw new AssertionError(broken);
    }
  }

  private static int lane(Group group) {
    return group.bulk ? 1 : 0;
  }

  void admitted(SimulatedGroup group) {
    require(!group.admitted, "admitted twice");
    group.admitted = true;
    group.arrival = arrivals;
    arrivals += group.requests.size();
    group.ledBefore = led[lane(group)];
    group.ahead = queue.lane(group.bulk).requests() + runningRequests();
    accepted += group.requests.size();
    acceptedTokens += group.tokens;
    for (Request request : group.requests) {
      require(
          request.state == Request.State.QUEUED || request.state == Request.State.RUNNING,
          "a request of an admitted group is " + request.state);
    }
  }

  void inLine(SimulatedGroup group) {
    line.addLast(group);
  }

  /** Groups that left the line, the last first. */
  void entered(@Nullable Group last) {
    Deque<SimulatedGroup> inOrder = new ArrayDeque<>();
    for (Group group = last; group != null; ) {
      Group next = group.nextEntered;
      group.nextEntered = null;
      inOrder.addFirst((SimulatedGroup) group);
      group = next;
    }
    for (SimulatedGroup group : inOrder) {
      if (group.refused) {
        require(group.isOver() && line.remove(group), "refused, and not in line");
      }
    }
    for (SimulatedGroup group : inOrder) {
      if (!group.refused) {
        require(line.pollFirst() == group, "somebody overtook in line");
        admitted(group);
      }
    }
  }

  /** Requests that ended, the first first. */
  void ended(@Nullable Request first) {
    for (Request request = first; request != null; ) {
      Request next = request.nextEnded;
      request.nextEnded = null;
      SimulatedGroup group = SimulatedGroup.of(request);
      require(request.state == Request.State.ENDED && request.outcome != null, "ended, and is not");
      require(group.admitted, "ended, and never admitted");
      require(
          !request.spoiled || request.outcome != Request.Outcome.COMPLETED,
          "completed, and is not finite");
      ended++;
      endings.merge(request.outcome, 1L, Long::sum);
      group.requestsEnded++;
      require(group.requestsEnded <= group.requests.size(), "a request ended twice");
      if (request.endsGroup) {
        require(group.isOver() && !group.ended, "a group ended twice");
        group.ended = true;
        boolean completed =
            group.requests.stream().allMatch(r -> r.outcome == Request.Outcome.COMPLETED);
        boolean cancelled = request.outcome == Request.Outcome.CANCELLED;
        require(completed || cancelled || group.failure != null, "failed without a reason");
        require(!completed || group.failure == null, "completed with a failure");
      }
      request = next;
    }
  }

  /** A lease was given by {@link Scheduler#next}; the arguments are from before. */
  void leased(
      Lease lease,
      @Nullable Request urgent,
      @Nullable Request patient,
      boolean otherCoreCould,
      boolean oldestLeads,
      long now) {
    boolean urgentLed = urgent != null && urgent.state == Request.State.RUNNING;
    boolean patientLed = patient != null && patient.state == Request.State.RUNNING;
    require(!oldestLeads || urgentLed || patientLed, "no lane's oldest leads");
    led[0] += urgentLed ? 1 : 0;
    led[1] += patientLed ? 1 : 0;
    Request leader = lease.batch.request(0);
    require(
        leader.avoidCore != lease.slot.core.index() || !otherCoreCould,
        "back to the core that failed it");
    taken(lease, oldestLeads, now);
    share(lease, urgent != null && patient != null);
  }

  /** A lease was given, to a caller or a thread. */
  void taken(Lease lease, boolean oldestLeads, long now) {
    require(lease.slot.core.serves(), "a lease of a core that left");
    require(out.stream().noneMatch(o -> o.slot == lease.slot), "a slot leased twice");
    out.add(lease);
    int rows = 0;
    for (int i = 0; i < lease.batch.size(); i++) {
      Request request = lease.batch.request(i);
      SimulatedGroup group = SimulatedGroup.of(request);
      rows += request.rows.length;
      require(!group.isOver() && !group.isExpired(now), "executed, and nobody waits");
      require(request.longest <= lease.batch.shape().sequenceLength(), "too long for the shape");
      int lane = lane(group);
      Request left = queue.lane(group.bulk).oldest(request.bucket);
      require(left == null || left.sequence > request.sequence, "overtaken in its bucket");
      if (!request.retried) {
        long arrival = group.arrival + group.requests.indexOf(request);
        require(arrival >= lastArrival[lane][request.bucket], "not in the order of arrival");
        lastArrival[lane][request.bucket] = arrival;
        long turns = led[lane] - group.ledBefore;
        // Each turn took one that was older; it may come once more, also from the last batch.
        require(
            !oldestLeads || turns <= 2 * (group.ahead + MOST_IN_BATCH) + group.requests.size() + 1,
            "starved");
      }
    }
    require(rows <= lease.batch.shape().batchSize(), "too many rows for the shape");
  }

  private void share(Lease lease, boolean bothWaited) {
    if (!bothWaited) {
      urgentTokens = 0;
      bulkTokens = 0;
      return;
    }
    for (int i = 0; i < lease.batch.size(); i++) {
      Request request = lease.batch.request(i);
      urgentTokens += request.group().bulk ? 0 : request.tokens;
      bulkTokens += request.group().bulk ? request.tokens : 0;
    }
    double all = urgentTokens + bulkTokens;
    require(bulkTokens >= bulkShare * all - slackTokens, "bulk work got less than its share");
    require(
        companyFree || bulkTokens <= bulkShare * all + slackTokens,
        "interactive work got less than its share");
  }

  /** What the scheduler gave back. */
  void returned(Lease lease) {
    require(out.remove(lease), "came back, and was not out");
    require(!lease.slot.isBusy() && lease.batch.isEmpty(), "came back, and is in use");
  }

  private long runningRequests() {
    long running = 0;
    for (int i = 0; i < out.size(); i++) {
      Lease lease = out.get(i);
      for (int k = 0; k < lease.batch.size(); k++) {
        running += lease.batch.request(k).state == Request.State.RUNNING ? 1 : 0;
      }
    }
    return running;
  }

  /** What adds up after every step. */
  void afterStep(Scheduler scheduler, long now) {
    require(
        queue.requests() + runningRequests() + ended == accepted,
        "an accepted request has ended, waits or runs: not so");
    require(cores.busySlots() == out.size() && scheduler.leasesOut() == out.size(), "slots");
    require(scheduler.nextDeadline() > now, "waits, and its deadline has passed");
    require(line.isEmpty() == (queue.firstInLine() == null), "the line");
  }

  long ended(Request.Outcome outcome) {
    return endings.getOrDefault(outcome, 0L);
  }

  /** What takes longer to add up. */
  void audit(Scheduler scheduler) {
    long tokens = 0;
    long requests = 0;
    for (boolean bulk : new boolean[] {false, true}) {
      LaneQueue lane = queue.lane(bulk);
      long ofLane = 0;
      for (int bucket = 0; bucket < buckets; bucket++) {
        long last = -1;
        for (Request r = lane.oldest(bucket); r != null; r = LaneQueue.after(r)) {
          require(r.state == Request.State.QUEUED && !r.group().isOver(), "waits for nobody");
          require(r.sequence > last, "not by age");
          last = r.sequence;
          ofLane++;
          tokens += r.tokens;
        }
      }
      require(ofLane == lane.requests(), "requests of a lane");
      requests += ofLane;
    }
    require(requests == queue.requests() && tokens == queue.tokens(), "tokens of the lanes");
    for (Slot slot : cores.slots()) {
      require(slot.isBusy() == out.stream().anyMatch(l -> l.slot == slot), "a slot is lost");
    }
    EngineSnapshot snapshot = scheduler.snapshot();
    require(snapshot.requests() == accepted, "accepted");
    require(snapshot.completed() == ended(Request.Outcome.COMPLETED), "completed");
    require(snapshot.failed() == ended(Request.Outcome.FAILED), "failed");
    require(snapshot.expired() == ended(Request.Outcome.EXPIRED), "expired");
    require(snapshot.cancelled() == ended(Request.Outcome.CANCELLED), "cancelled");
    require(snapshot.runningRequests() == runningRequests(), "running");
    long counted = 0;
    for (var length : snapshot.lengths().entrySet()) {
      counted += length.getKey() * length.getValue();
    }
    require(counted == acceptedTokens, "tokens accepted");
  }
}
