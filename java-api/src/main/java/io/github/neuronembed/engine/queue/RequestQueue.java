package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and the rules by which they are served.
 *
 * <ul>
 *   <li>Interactive requests go first. While both lanes wait, bulk work earns its share of the
 *       tokens, and leads a batch as soon as what it earned pays for its oldest request. What it
 *       got for free counts, up to {@value #ADVANCE_TEXTS} of the longest texts.
 *   <li>Within a lane the oldest request leads a batch, so none starves.
 *   <li>Who goes with it, and in which shape, is the {@link BatchPolicy}'s.
 * </ul>
 *
 * <p>Nothing is allocated but when a group is admitted. Belongs to the scheduler.
 */
public final class RequestQueue {

  /** What became of a group that was offered. */
  public enum Entry {
    ADMITTED,
    IN_LINE,
    REFUSED
  }

  private final Buckets buckets;
  private final BatchPolicy policy;

  /** So many of the longest texts that went for free count against bulk work's share. */
  private static final int ADVANCE_TEXTS = 16;

  private final double bulkShare;
  private final double advance;
  private final Admission admission;
  private final Deadlines deadlines = new Deadlines();
  private final LaneQueue interactive;
  private final LaneQueue bulk;
  private long nextSequence;

  /** Groups that wait or run, each of which may have a deadline. */
  private int live;

  /** Tokens that bulk work is owed; negative where it got more than it had earned. */
  private double bulkCredit;

  /**
   * @param bulkShare part of the tokens that bulk work gets at least while both lanes wait
   * @param maxRequests most requests that wait in a lane
   * @param maxTokens most tokens that wait in a lane
   */
  public RequestQueue(
      Buckets buckets, BatchPolicy policy, double bulkShare, int maxRequests, long maxTokens) {
    this.buckets = buckets;
    this.policy = policy;
    this.bulkShare = bulkShare;
    this.advance = (double) ADVANCE_TEXTS * buckets.longest();
    this.admission = new Admission(maxRequests, maxTokens);
    this.interactive = new LaneQueue(buckets.count());
    this.bulk = new LaneQueue(buckets.count());
  }

  public LaneQueue lane(boolean ofBulk) {
    return ofBulk ? bulk : interactive;
  }

  public int requests() {
    return interactive.requests() + bulk.requests();
  }

  public long tokens() {
    return interactive.tokens() + bulk.tokens();
  }

  public boolean isEmpty() {
    return requests() == 0;
  }

  /**
   * Takes a group in, puts it in line, or refuses it; as a whole.
   *
   * @param mayWait whether it may stand in line
   */
  public Entry offer(Group group, boolean mayWait) {
    boolean room =
        (!group.bulk || admission.first() == null) && admission.hasRoom(lane(group.bulk), group);
    if (!room && !mayWait) {
      return Entry.REFUSED;
    }
    begin();
    if (room) {
      enter(group);
      return Entry.ADMITTED;
    }
    group.state = Group.State.IN_LINE;
    admission.append(group);
    deadlines.add(group);
    return Entry.IN_LINE;
  }

  private void begin() {
    deadlines.reserve(live + 1);
    live++;
  }

  /** Admits a group that need not wait. */
  public void pass(Group group) {
    begin();
    group.state = Group.State.ADMITTED;
    for (int i = 0; i < group.requests.size(); i++) {
      group.requests.get(i).sequence = nextSequence++;
    }
  }

  /** A group is over. */
  public void over(Group group) {
    deadlines.remove(group);
    live--;
  }

  /** Lets the first group in line enter if there is room. */
  public @Nullable Group enterNext() {
    Group first = admission.first();
    if (first == null || !admission.hasRoom(lane(first.bulk), first)) {
      return null;
    }
    admission.remove(first);
    enter(first);
    return first;
  }

  public @Nullable Group firstInLine() {
    return admission.first();
  }

  public void leaveLine(Group group) {
    admission.remove(group);
    deadlines.remove(group);
  }

  private void enter(Group group) {
    group.state = Group.State.ADMITTED;
    for (int i = 0; i < group.requests.size(); i++) {
      Request request = group.requests.get(i);
      request.sequence = nextSequence++;
      putBack(request);
    }
  }

  /** Puts a request back where it was: it is as old as it is. */
  public void putBack(Request request) {
    request.state = Request.State.QUEUED;
    Group group = request.group();
    lane(group.bulk).add(request);
    group.waiting++;
    deadlines.add(group);
  }

  /** Takes a request out, wherever it stands. */
  public void remove(Request request) {
    Group group = request.group();
    lane(group.bulk).remove(request);
    if (--group.waiting == 0) {
      deadlines.remove(group);
    }
  }

  /**
   * The request to lead the next batch: the oldest of the lane whose turn it is; while that one
   * waits for company, one that need not.
   *
   * @param waitNanos how long a request waits for a full batch
   * @return null if none waits, or all wait for company; stays in the queue
   */
  public @Nullable Request leader(long nowNanos, long waitNanos) {
    boolean bulkTurn = isBulkTurn();
    Request leader = ripe(lane(bulkTurn), nowNanos, waitNanos);
    return leader != null ? leader : ripe(lane(!bulkTurn), nowNanos, waitNanos);
  }

  private boolean isBulkTurn() {
    Request patient = bulk.oldest();
    if (patient == null || interactive.requests() == 0) {
      return patient != null;
    }
    return bulkCredit >= patient.tokens;
  }

  private @Nullable Request ripe(LaneQueue lane, long nowNanos, long waitNanos) {
    Request oldest = lane.oldest();
    if (oldest == null || nowNanos - oldest.group().madeNanos >= waitNanos) {
      return oldest;
    }
    Request ripe = lane.oldestAlone();
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      Request first = lane.oldest(bucket);
      if (first != null
          && (ripe == null || first.sequence < ripe.sequence)
          && policy.isFull(first, this)) {
        ripe = first;
      }
    }
    return ripe;
  }

  /** Whether a request leaves no room for company. */
  public boolean fills(Request request) {
    return policy.fills(request);
  }

  /** The shape for a request that goes alone. */
  public Shape shapeFor(Request request, ServiceTimes times) {
    return policy.shapeFor(request, times);
  }

  /** When the oldest request will have waited long enough; only if one waits. */
  public long ripeAt(long waitNanos) {
    Request urgent = interactive.oldest();
    Request patient = bulk.oldest();
    long made = Long.MAX_VALUE - waitNanos;
    made = urgent == null ? made : Math.min(made, urgent.group().madeNanos);
    made = patient == null ? made : Math.min(made, patient.group().madeNanos);
    return made + waitNanos;
  }

  /**
   * Takes the next batch out.
   *
   * @param leader from {@link #leader}
   * @param times of the core that is to execute
   * @param batch empty
   */
  public void take(Request leader, ServiceTimes times, Batch batch) {
    boolean bulkWaited = bulk.requests() > 0;
    boolean inTurn = leader.group().bulk && interactive.requests() > 0 && isBulkTurn();
    try {
      if (leader.alone) {
        batch.add(leader);
        batch.shape(policy.shapeFor(leader, times));
      } else {
        policy.choose(leader, this, times, batch);
      }
    } catch (RuntimeException | Error e) {
      batch.clear();
      throw e;
    }
    for (int i = 0; i < batch.size(); i++) {
      remove(batch.request(i));
    }
    settle(batch, inTurn, bulkWaited);
  }

  /**
   * @param inTurn whether bulk work leads though interactive work would have; where that waits for
   *     company, or there is none, bulk work leads for nothing
   */
  private void settle(Batch batch, boolean inTurn, boolean bulkWaited) {
    long led = 0;
    long free = 0;
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.request(i);
      if (request.group().bulk) {
        if (inTurn && !batch.rides(i)) {
          led += request.tokens;
        } else {
          free += request.tokens;
        }
      }
    }
    double earned = bulkWaited ? (batch.tokens() - led - free) * bulkShare / (1 - bulkShare) : 0;
    // Short texts in the gaps of interactive batches leave half of it to the oldest, which may fit
    // into none.
    double paid = earned > 0 ? Math.min((double) free, earned / 2) : free;
    bulkCredit += earned - led;
    // What went for free pays off what is owed. Some of it pays in advance, or each burst of
    // interactive work would wait for bulk work that just had all it wanted.
    bulkCredit = Math.max(Math.min(bulkCredit, -advance), bulkCredit - paid);
    if (bulk.requests() == 0) {
      bulkCredit = Math.min(bulkCredit, 0);
    }
  }

  /** A group that waits though its deadline has passed, or null. */
  public @Nullable Group expired(long nowNanos) {
    Group first = deadlines.first();
    return first != null && first.isExpired(nowNanos) ? first : null;
  }

  /** When the first deadline passes, {@link Group#NO_DEADLINE} if there is none. */
  public long nextDeadline() {
    Group first = deadlines.first();
    return first == null ? Group.NO_DEADLINE : first.deadlineNanos;
  }

  /** The oldest request of either lane, or null. */
  public @Nullable Request oldest() {
    Request urgent = interactive.oldest();
    return urgent != null ? urgent : bulk.oldest();
  }
}
