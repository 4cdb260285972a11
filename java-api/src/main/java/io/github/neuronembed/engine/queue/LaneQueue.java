package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of one lane: a list for each bucket, by age. Linked through the requests, so
 * that nothing is allocated when one comes or goes.
 */
public final class LaneQueue {

  private final @Nullable Request[] oldest;
  private final @Nullable Request[] youngest;
  private int requests;
  private long tokens;

  LaneQueue(int buckets) {
    this.oldest = new Request[buckets];
    this.youngest = new Request[buckets];
  }

  public int requests() {
    return requests;
  }

  public long tokens() {
    return tokens;
  }

  /** Adds a request where its age puts it. */
  void add(Request request) {
    int bucket = request.bucket;
    Request before = youngest[bucket];
    while (before != null && before.sequence > request.sequence) {
      before = before.older;
    }
    Request after = before == null ? oldest[bucket] : before.younger;
    request.older = before;
    request.younger = after;
    if (before == null) {
      oldest[bucket] = request;
    } else {
      before.younger = request;
    }
    if (after == null) {
      youngest[bucket] = request;
    } else {
      after.older = request;
    }
    requests++;
    tokens += request.tokens;
  }

  /** Takes a request out, wherever it stands. */
  void remove(Request request) {
    Request before = request.older;
    Request after = request.younger;
    if (before == null) {
      oldest[request.bucket] = after;
    } else {
      before.younger = after;
    }
    if (after == null) {
      youngest[request.bucket] = before;
    } else {
      after.older = before;
    }
    request.older = null;
    request.younger = null;
    requests--;
    tokens -= request.tokens;
  }

  /** The oldest request of a bucket, or null. */
  public @Nullable Request oldest(int bucket) {
    return oldest[bucket];
  }

  /** The next younger one of its bucket, or null. */
  public static @Nullable Request after(Request request) {
    return request.younger;
  }

  /** The oldest request, or null. */
  public @Nullable Request oldest() {
    Request first = null;
    for (Request candidate : oldest) {
      if (candidate != null && (first == null || candidate.sequence < first.sequence)) {
        first = candidate;
      }
    }
    return first;
  }

  /** Rows of the first requests of a bucket, as far as they fit in a batch. */
  int rows(int bucket, int most) {
    int rows = 0;
    for (Request request = oldest[bucket]; request != null; request = request.younger) {
      if (rows + request.rows.length > most) {
        break;
      }
      rows += request.rows.length;
    }
    return rows;
  }
}
