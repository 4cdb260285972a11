package io.github.neuronembed.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The waiting requests of one lane, a queue for each bucket. Belongs to the engine's lock. */
final class LaneQueue {

  private final List<Deque<Request>> byBucket = new ArrayList<>();
  private int requests;
  private long tokens;

  LaneQueue(int buckets) {
    for (int i = 0; i < buckets; i++) {
      byBucket.add(new ArrayDeque<>());
    }
  }

  int requests() {
    return requests;
  }

  long tokens() {
    return tokens;
  }

  void addLast(Request request) {
    byBucket.get(request.bucket).addLast(request);
    joined(request);
  }

  void addFirst(Request request) {
    byBucket.get(request.bucket).addFirst(request);
    joined(request);
  }

  void remove(Request request) {
    if (byBucket.get(request.bucket).remove(request)) {
      left(request);
    }
  }

  /** The request of the bucket that waits longest, or null. */
  @Nullable Request peek(int bucket) {
    return byBucket.get(bucket).peek();
  }

  /** Takes the request of the bucket that waits longest. */
  Request take(int bucket) {
    Request request = byBucket.get(bucket).remove();
    left(request);
    return request;
  }

  /** The request that waits longest, or null. */
  @Nullable Request oldest() {
    Request oldest = null;
    for (Deque<Request> queue : byBucket) {
      Request first = queue.peek();
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

  /** Moves everything out. */
  void drainTo(List<Request> all) {
    for (int bucket = 0; bucket < byBucket.size(); bucket++) {
      while (peek(bucket) != null) {
        all.add(take(bucket));
      }
    }
  }

  private void joined(Request request) {
    requests++;
    tokens += request.tokens;
  }

  private void left(Request request) {
    requests--;
    tokens -= request.tokens;
  }
}
