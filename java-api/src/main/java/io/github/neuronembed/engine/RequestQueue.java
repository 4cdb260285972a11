package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and the rules by which they are served.
 *
 * <ul>
 *   <li>Interactive requests go first. While both lanes wait, bulk work earns its share of the
 *       tokens, and leads a batch as soon as what it earned pays for its oldest request.
 *   <li>Within a lane the oldest request leads a batch, so none starves, and the next ones of its
 *       bucket go with it.
 *   <li>Where shapes are fixed, a batch's free rows cost nothing: interactive requests, then bulk
 *       ones, of the bucket and the shorter ones, ride along.
 * </ul>
 *
 * <p>Not thread-safe: it belongs to the engine's lock.
 */
final class RequestQueue {

  /** What an execution costs beside its tokens, in tokens; for shapes never timed. */
  private static final long TOKENS_PER_EXECUTION = 16;

  private final Buckets buckets;
  private final boolean fixedShapes;
  private final double bulkShare;
  private final LaneQueue interactive;
  private final LaneQueue bulk;
  private long nextSequence;

  /** Tokens that bulk work is owed; negative where it got more than it had earned. */
  private double bulkCredit;

  RequestQueue(Buckets buckets, boolean fixedShapes, double bulkShare) {
    this.buckets = buckets;
    this.fixedShapes = fixedShapes;
    this.bulkShare = bulkShare;
    this.interactive = new LaneQueue(buckets.count());
    this.bulk = new LaneQueue(buckets.count());
  }

  int requests() {
    return interactive.requests() + bulk.requests();
  }

  long tokens() {
    return interactive.tokens() + bulk.tokens();
  }

  int requests(Lane lane) {
    return lane(lane).requests();
  }

  long tokens(Lane lane) {
    return lane(lane).tokens();
  }

  boolean isEmpty() {
    return requests() == 0;
  }

  /** Adds a request at the end of its lane. */
  void add(Request request) {
    request.sequence = nextSequence++;
    putBack(request);
  }

  /** Puts a request back where it was: it is as old as it is. */
  void putBack(Request request) {
    request.state = Request.State.QUEUED;
    lane(request.lane).add(request);
  }

  /** Takes a request out, wherever it stands. */
  void remove(Request request) {
    lane(request.lane).remove(request);
  }

  /**
   * The request to lead the next batch: the oldest of the lane whose turn it is; while that one
   * waits for company, one that need not.
   *
   * @param waitNanos how long a request waits for a full batch
   * @return null if none waits, or all wait for company; stays in the queue
   */
  @Nullable Request leader(long nowNanos, long waitNanos) {
    Lane turn = turn();
    Request leader = ripe(lane(turn), nowNanos, waitNanos);
    return leader != null
        ? leader
        : ripe(lane(turn == Lane.BULK ? Lane.INTERACTIVE : Lane.BULK), nowNanos, waitNanos);
  }

  private Lane turn() {
    Request patient = bulk.oldest();
    if (patient == null || interactive.requests() == 0) {
      return patient == null ? Lane.INTERACTIVE : Lane.BULK;
    }
    return bulkCredit >= patient.tokens ? Lane.BULK : Lane.INTERACTIVE;
  }

  private @Nullable Request ripe(LaneQueue lane, long nowNanos, long waitNanos) {
    Request oldest = lane.oldest();
    if (oldest == null || nowNanos - oldest.madeNanos >= waitNanos) {
      return oldest;
    }
    Request ripe = null;
    for (int bucket = 0; bucket < buckets.count(); bucket++) {
      Request first = lane.first(bucket);
      int most = buckets.largestBatch(bucket);
      if (first != null
          && (ripe == null || first.sequence < ripe.sequence)
          && lane.rows(bucket, most) == most) {
        ripe = first;
      }
    }
    return ripe;
  }

  /** When the oldest request will have waited long enough; only if one waits. */
  long ripeAt(long waitNanos) {
    Request urgent = interactive.oldest();
    Request patient = bulk.oldest();
    long made = Long.MAX_VALUE - waitNanos;
    made = urgent == null ? made : Math.min(made, urgent.madeNanos);
    made = patient == null ? made : Math.min(made, patient.madeNanos);
    return made + waitNanos;
  }

  /**
   * Takes the next batch out: requests whose rows fit in one execution.
   *
   * @param leader from {@link #leader}
   * @param nowNanos the time, for deadlines
   * @param serviceNanos how long an execution of a shape takes, 0 if not known
   * @param batch empty; stays so if the leader and its company were not worth an execution
   */
  void take(Request leader, long nowNanos, ToLongFunction<Shape> serviceNanos, Batch batch) {
    boolean bulkWaits = bulk.requests() > 0;
    boolean interactiveWaits = interactive.requests() > 0;
    int bucket = leader.bucket;
    LaneQueue lane = lane(leader.lane);
    int waiting = lane.rows(bucket, buckets.largestBatch(bucket));
    Shape shape = buckets.shapeFor(bucket, waiting);
    if (fixedShapes) {
      shape = mostRowsInTime(bucket, waiting, leader.rows.length, serviceNanos);
    }
    fill(batch, shape.batchSize(), lane, bucket, nowNanos);
    if (batch.isEmpty()) {
      return;
    }
    shape = buckets.shapeFor(bucket, batch.rows());
    batch.shape(shape);
    long led = batch.tokens();
    if (fixedShapes) {
      for (int shorter = bucket; shorter >= 0; shorter--) {
        fill(batch, shape.batchSize(), interactive, shorter, nowNanos);
      }
      for (int shorter = bucket; shorter >= 0; shorter--) {
        fill(batch, shape.batchSize(), bulk, shorter, nowNanos);
      }
    }
    settle(leader.lane, led, batch, interactiveWaits, bulkWaits);
  }

  private void fill(Batch batch, int most, LaneQueue lane, int bucket, long nowNanos) {
    Request next = lane.first(bucket);
    while (next != null && batch.rows() + next.rows.length <= most) {
      lane.remove(next);
      if (next.isExpired(nowNanos) || next.outcome.isAbandoned()) {
        batch.dead.add(next);
      } else {
        batch.add(next);
      }
      next = lane.first(bucket);
    }
  }

  /** The shape of a bucket that serves most rows in its time. */
  private Shape mostRowsInTime(
      int bucket, int waiting, int atLeast, ToLongFunction<Shape> serviceNanos) {
    List<Shape> shapes = buckets.shapes(bucket);
    boolean timed = shapes.stream().allMatch(shape -> serviceNanos.applyAsLong(shape) > 0);
    Shape best = buckets.shapeFor(bucket, atLeast);
    double bestRate = 0;
    for (Shape shape : shapes) {
      long cost = timed ? serviceNanos.applyAsLong(shape) : shape.tokens() + TOKENS_PER_EXECUTION;
      double rate = (double) Math.min(waiting, shape.batchSize()) / cost;
      if (shape.batchSize() >= atLeast && rate > bestRate) {
        best = shape;
        bestRate = rate;
      }
    }
    return best;
  }

  private void settle(
      Lane leader, long led, Batch batch, boolean interactiveWaited, boolean bulkWaited) {
    long bulkTokens = 0;
    for (Request request : batch.requests) {
      bulkTokens += request.lane == Lane.BULK ? request.tokens : 0;
    }
    long interactiveTokens = batch.tokens() - bulkTokens;
    if (bulkWaited) {
      bulkCredit += interactiveTokens * bulkShare / (1 - bulkShare);
    }
    long riding = leader == Lane.BULK ? bulkTokens - led : bulkTokens;
    if (leader == Lane.BULK && interactiveWaited) {
      bulkCredit -= led;
    } else if (leader == Lane.BULK) {
      riding += led;
    }
    // What went in rows that were free pays off what is owed, but is no debt.
    bulkCredit = Math.max(Math.min(bulkCredit, 0), bulkCredit - riding);
    if (bulk.requests() == 0) {
      bulkCredit = Math.min(bulkCredit, 0);
    }
  }

  /** When the first deadline passes, {@link Request#NO_DEADLINE} if there is none. */
  long earliestDeadline() {
    return Math.min(interactive.earliestDeadline(), bulk.earliestDeadline());
  }

  /** Takes the requests out whose deadline has passed. */
  List<Request> takeExpired(long nowNanos) {
    List<Request> expired = new ArrayList<>();
    interactive.moveExpired(nowNanos, expired);
    bulk.moveExpired(nowNanos, expired);
    return expired;
  }

  /** Takes everything out. */
  List<Request> drain() {
    List<Request> all = new ArrayList<>();
    interactive.moveAll(all);
    bulk.moveAll(all);
    return all;
  }

  private LaneQueue lane(Lane lane) {
    return lane == Lane.INTERACTIVE ? interactive : bulk;
  }
}
