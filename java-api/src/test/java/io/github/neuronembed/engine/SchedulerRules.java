package io.github.neuronembed.engine;

import io.github.neuronembed.NotFiniteException;
import io.github.neuronembed.engine.core.Cores;
import io.github.neuronembed.engine.core.Slot;
import io.github.neuronembed.engine.queue.Batch;
import io.github.neuronembed.engine.queue.Buckets;
import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.LaneQueue;
import io.github.neuronembed.engine.queue.Request;
import io.github.neuronembed.engine.queue.RequestQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
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

  /** The most requests of a lane that a packed batch is chosen from. */
  private static final int MOST_CANDIDATES = 256;

  private final RequestQueue queue;
  private final Cores cores;
  private final Buckets buckets;
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
      Buckets buckets,
      double bulkShare,
      long largestBatchTokens,
      boolean companyFree) {
    this.queue = queue;
    this.cores = cores;
    this.buckets = buckets;
    this.bulkShare = bulkShare;
    // Two batches and a request, and what bulk work got for free counts up to 16 of the longest.
    this.slackTokens = 3 * largestBatchTokens + 16L * buckets.longest();
    this.companyFree = companyFree;
    this.lastArrival = new long[2][buckets.count()];
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
        !oldestLeads || leader == (leader.group().bulk ? patient : urgent),
        "led by another than the oldest");
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
    boolean packed = buckets.arePacked();
    boolean alone = lease.batch.request(0).alone;
    require(!alone || lease.batch.size() == 1, "in company, and goes alone");
    PlacedTexts placed = new PlacedTexts(lease.batch.shape());
    for (int i = 0; i < lease.batch.size(); i++) {
      Request request = lease.batch.request(i);
      SimulatedGroup group = SimulatedGroup.of(request);
      require(placed.add(request), "no room in the shape");
      require(!request.alone || alone, "joined, and goes alone");
      require(!group.isOver() && !group.isExpired(now), "executed, and nobody waits");
      int lane = lane(group);
      Request left = queue.lane(group.bulk).oldest(request.bucket);
      require(
          packed || alone || left == null || left.sequence > request.sequence,
          "overtaken in its bucket");
      if (!request.retried && !request.alone) {
        long arrival = group.arrival + group.requests.indexOf(request);
        if (!packed) {
          require(arrival >= lastArrival[lane][request.bucket], "not in the order of arrival");
          lastArrival[lane][request.bucket] = arrival;
        }
        long turns = led[lane] - group.ledBefore;
        // Each turn took one that was older; it may come twice more, also from the last batch.
        long older = 3 * (group.ahead + buckets.mostTexts()) + group.requests.size() + 1;
        require(!oldestLeads || turns <= older, "starved");
      }
    }
  }

  /**
   * A batch was chosen and is not taken out yet. A packed one holds its leader, then its lane, then
   * the other one, each by age as far as there is room: who is passed over has none.
   */
  void chosen(Batch batch) {
    if (!buckets.arePacked()) {
      return;
    }
    Request leader = batch.request(0);
    List<Request> inOrder = new ArrayList<>(byAge(leader.group().bulk));
    inOrder.remove(leader);
    inOrder.add(0, leader);
    int ofLane = inOrder.size();
    inOrder.addAll(byAge(!leader.group().bulk));
    PlacedTexts placed = new PlacedTexts(batch.shape());
    int taken = 0;
    for (int i = 0; i < inOrder.size(); i++) {
      if (placed.add(inOrder.get(i))) {
        require(
            taken < batch.size() && batch.request(taken) == inOrder.get(i),
            "passed over, and there was room");
        require(batch.rides(taken) == (i >= ofLane), "rides, or not, and should not");
        taken++;
      }
    }
    require(taken == batch.size(), "in a batch without room");
  }

  private List<Request> byAge(boolean bulk) {
    List<Request> all = new ArrayList<>();
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      for (Request r = queue.lane(bulk).oldest(bucket); r != null; r = LaneQueue.after(r)) {
        all.add(r);
      }
    }
    all.sort(Comparator.comparingLong(r -> r.sequence));
    return all.subList(0, Math.min(all.size(), MOST_CANDIDATES));
  }

  /** Who of a lease is to be executed once more, alone, when it comes back as it is. */
  List<Request> suspects(Lease lease, Scheduler scheduler) {
    List<Request> suspects = new ArrayList<>();
    boolean packed = lease.batch.shape().isPacked();
    boolean all = lease.failure() instanceof NotFiniteException;
    for (int i = 0; i < lease.batch.size() && !scheduler.isClosed() && !cores.noneServes(); i++) {
      Request request = lease.batch.request(i);
      boolean spoiled = lease.failure() == null && packed && request.spoiled;
      if (lease.batch.size() > 1 && request.state == Request.State.RUNNING && (all || spoiled)) {
        suspects.add(request);
      }
    }
    return suspects;
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
      for (int bucket = 0; bucket <= buckets.count(); bucket++) {
        boolean alone = bucket == buckets.count();
        long last = -1;
        Request first = alone ? lane.oldestAlone() : lane.oldest(bucket);
        for (Request r = first; r != null; r = LaneQueue.after(r)) {
          require(r.alone == alone, "waits among others, and goes alone");
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
