package io.github.neuronembed.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of one lane: a queue for each bucket, by age. Belongs to the engine's lock.
 */
final class LaneQueue {

  private final List<NavigableSet<Request>> byBucket = new ArrayList<>();
  private int requests;
  private long tokens;

  LaneQueue(int buckets) {
    for (int i = 0; i < buckets; i++) {
      byBucket.add(new TreeSet<>(Comparator.comparingLong((Request r) -> r.sequence)));
    }
  }

  int requests() {
    return requests;
  }

  long tokens() {
    return tokens;
  }

  /** Adds a request where its age puts it. */
  void add(Request request) {
    if (byBucket.get(request.bucket).add(request)) {
      requests++;
      tokens += request.tokens;
    }
  }

  /** Takes a request out, wherever it stands. */
  void remove(Request request) {
    if (byBucket.get(request.bucket).remove(request)) {
      requests--;
      tokens -= request.tokens;
    }
  }

  /** The oldest request of a bucket, or null. */
  @Nullable Request first(int bucket) {
    NavigableSet<Request> queue = byBucket.get(bucket);
    return queue.isEmpty() ? null : queue.first();
  }

  /** The oldest request, or null. */
  @Nullable Request oldest() {
    Request oldest = null;
    for (int bucket = 0; bucket < byBucket.size(); bucket++) {
      Request first = first(bucket);
      if (first != null && (oldest == null || first.sequence < oldest.sequence)) {
        oldest = first;
      }
    }
    return oldest;
  }

  /** Rows of the first requests of a bucket, as far as they fit in a batch. */
  int rows(int bucket, int most) {
    int rows = 0;
    for (Request request : byBucket.get(bucket)) {
      if (rows + request.rows.length > most) {
        break;
      }
      rows += request.rows.length;
    }
    return rows;
  }

  /** When the first deadline passes, {@link Request#NO_DEADLINE} if there is none. */
  long earliestDeadline() {
    long earliest = Request.NO_DEADLINE;
    for (NavigableSet<Request> queue : byBucket) {
      for (Request request : queue) {
        earliest = Math.min(earliest, request.deadlineNanos);
      }
    }
    return earliest;
  }

  /** Moves the requests out whose deadline has passed. */
  void moveExpired(long nowNanos, List<Request> expired) {
    for (NavigableSet<Request> queue : byBucket) {
      for (Iterator<Request> all = queue.iterator(); all.hasNext(); ) {
        Request request = all.next();
        if (request.isExpired(nowNanos)) {
          all.remove();
          requests--;
          tokens -= request.tokens;
          expired.add(request);
        }
      }
    }
  }

  /** Moves everything out. */
  void moveAll(List<Request> all) {
    for (NavigableSet<Request> queue : byBucket) {
      all.addAll(queue);
      queue.clear();
    }
    requests = 0;
    tokens = 0;
  }
}
