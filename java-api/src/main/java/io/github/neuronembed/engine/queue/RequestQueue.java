package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.core.ServiceTimes;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and the rules by which they are served.
 *
 * <ul>
 *   <li>Interactive requests go first. While both lanes wait, bulk work earns its share of the
 *       tokens. It leads a batch as soon as it has earned the tokens of its oldest request. Tokens
 *       that it got for free count against its share, up to {@value #ADVANCE_TEXTS} times the
 *       longest text.
 *   <li>Within a lane the oldest request leads a batch, so no request starves.
 *   <li>The {@link BatchPolicy} chooses the other requests of the batch, and the shape.
 * </ul>
 *
 * <p>It allocates only when it admits a group. Part of the scheduler's state.
 */
public final class RequestQueue {

  /** What the queue did with an offered group. */
  public enum Entry {
    ADMITTED,
    IN_LINE,
    REFUSED
  }

  private final Buckets buckets;
  private final BatchPolicy policy;

  /**
   * Free tokens count in advance against bulk work's share, up to this many of the longest texts.
   */
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

  /**
   * Tokens that bulk work has earned and not received; negative if it received more than it earned.
   */
  private double bulkCredit;

  /**
   * @param bulkShare least part of the tokens that bulk work gets while both lanes wait
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
   * Admits a group, puts it in line, or refuses it; always as a whole.
   *
   * @param mayWait whether it may wait in line
   */
  public Entry offer(Group group, boolean mayWait) {
    boolean room =
        (!group.bulk || admission.first() == null) && admission.hasSpace(lane(group.bulk), group);
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

  /** Call this when a group is over. */
  public void over(Group group) {
    deadlines.remove(group);
    live--;
  }

  /** Admits the first group in line if there is space for it. */
  public @Nullable Group enterNext() {
    Group first = admission.first();
    if (first == null || !admission.hasSpace(lane(first.bulk), first)) {
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

  /** Puts a request back at its old place: it keeps its age. */
  public void putBack(Request request) {
    request.state = Request.State.QUEUED;
    Group group = request.group();
    lane(group.bulk).add(request);
    group.waiting++;
    deadlines.add(group);
  }

  /** Removes a request from any place. */
  public void remove(Request request) {
    Group group = request.group();
    lane(group.bulk).remove(request);
    if (--group.waiting == 0) {
      deadlines.remove(group);
    }
  }

  /**
   * The request that leads the next batch: the oldest one of the lane whose turn it is. While that
   * one still waits for others to fill its batch, a request that need not wait.
   *
   * @param waitNanos how long a request waits for a full batch
   * @return the request, which stays in the queue; null if none waits, or if all still wait for
   *     others to fill their batch
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

  /** Whether a request leaves no space for another request. */
  public boolean fills(Request request) {
    return policy.fills(request);
  }

  /** The shape for a request that is executed without others. */
  public Shape shapeFor(Request request, ServiceTimes times) {
    return policy.shapeFor(request, times);
  }

  /**
   * When the oldest request will have waited for {@code waitNanos}. Call it only if a request
   * waits.
   */
  public long ripeAt(long waitNanos) {
    Request urgent = interactive.oldest();
    Request patient = bulk.oldest();
    long made = Long.MAX_VALUE - waitNanos;
    made = urgent == null ? made : Math.min(made, urgent.group().madeNanos);
    made = patient == null ? made : Math.min(made, patient.group().madeNanos);
    return made + waitNanos;
  }

  /**
   * Removes the next batch from the queue.
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
   * @param inTurn whether bulk work leads because it was its turn while interactive requests
   *     waited. If bulk work leads for another reason (no interactive request waits, or those that
   *     wait still wait for others to fill their batch), it uses up none of its share
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
    // Short bulk texts that fill gaps of interactive batches use up at most half of what bulk work
    // earned. The other half is for the oldest bulk text, which may fit into no gap.
    double paid = earned > 0 ? Math.min((double) free, earned / 2) : free;
    bulkCredit += earned - led;
    // Free tokens reduce the credit of bulk work, and down to -advance also below zero. Otherwise
    // each burst of interactive work would wait for bulk work that was just served in full.
    bulkCredit = Math.max(Math.min(bulkCredit, -advance), bulkCredit - paid);
    if (bulk.requests() == 0) {
      bulkCredit = Math.min(bulkCredit, 0);
    }
  }

  /** A group that still waits after its deadline, or null. */
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
