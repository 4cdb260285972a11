package io.github.neuronembed.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and the rules by which they are served. Interactive ones go first; while
 * both lanes wait, bulk work gets its share of the tokens. Within a lane the oldest request decides
 * the bucket, so none starves, and the batch fills with the next ones of that bucket.
 *
 * <p>Not thread-safe: it belongs to the engine's lock.
 */
final class RequestQueue {

  private final Buckets buckets;
  private final double bulkShare;
  private final LaneQueue interactive;
  private final LaneQueue bulk;
  private long nextSequence;

  /** Tokens that bulk work is owed for interactive work that went before it. */
  private double bulkCredit;

  RequestQueue(Buckets buckets, double bulkShare) {
    this.buckets = buckets;
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

  boolean isEmpty() {
    return requests() == 0;
  }

  /** Adds a request at the end of its lane. */
  void add(Request request) {
    request.sequence = nextSequence++;
    request.state = Request.State.QUEUED;
    lane(request.lane).addLast(request);
  }

  /** Puts a request back where it was: it is as old as it is. */
  void putBack(Request request) {
    request.state = Request.State.QUEUED;
    lane(request.lane).addFirst(request);
  }

  /** Takes a request out, wherever it stands. */
  void remove(Request request) {
    lane(request.lane).remove(request);
  }

  /** The oldest request of the lane whose turn it is, or null; stays in the queue. */
  @Nullable Request peek() {
    Request urgent = interactive.oldest();
    Request patient = bulk.oldest();
    if (urgent == null || patient == null) {
      return urgent == null ? patient : urgent;
    }
    return bulkCredit >= patient.tokens ? patient : urgent;
  }

  /** Rows that a batch led by this request would have now. */
  int rowsOfBatch(Request first) {
    return lane(first.lane).rows(first.bucket, buckets.largestBatch(first.bucket));
  }

  /**
   * Takes the next batch out: requests of one bucket whose rows fit in one execution.
   *
   * @param nowNanos the time, for deadlines
   * @param batch receives the requests to execute; stays empty if all that waited have expired
   * @param expired receives the requests whose deadline has passed
   */
  void take(long nowNanos, List<Request> batch, List<Request> expired) {
    Request first = peek();
    while (first != null && batch.isEmpty()) {
      boolean overtakes = first.lane == Lane.INTERACTIVE && bulk.requests() > 0;
      LaneQueue lane = lane(first.lane);
      int most = buckets.largestBatch(first.bucket);
      int rows = 0;
      long tokens = 0;
      Request next = first;
      while (next != null && rows + next.rows.length <= most) {
        lane.take(next.bucket);
        if (next.isExpired(nowNanos)) {
          expired.add(next);
        } else {
          batch.add(next);
          rows += next.rows.length;
          tokens += next.tokens;
        }
        next = lane.peek(first.bucket);
      }
      settle(first.lane, overtakes, tokens);
      first = peek();
    }
  }

  private void settle(Lane lane, boolean overtakes, long tokens) {
    if (lane == Lane.BULK) {
      bulkCredit = Math.max(0, bulkCredit - tokens);
    } else if (overtakes) {
      bulkCredit += tokens * bulkShare / (1 - bulkShare);
    }
    if (bulk.requests() == 0) {
      bulkCredit = 0;
    }
  }

  /** Takes everything out. */
  List<Request> drain() {
    List<Request> all = new ArrayList<>();
    interactive.drainTo(all);
    bulk.drainTo(all);
    return all;
  }

  private LaneQueue lane(Lane lane) {
    return lane == Lane.INTERACTIVE ? interactive : bulk;
  }
}
