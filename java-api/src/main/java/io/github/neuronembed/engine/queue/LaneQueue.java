package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of one lane: a list for each bucket, by age, and one list of the requests
 * that must be executed without others. The requests themselves are the links, so adding and
 * removing allocate nothing.
 */
public final class LaneQueue {

  private final @Nullable Request[] oldest;
  private final @Nullable Request[] youngest;
  private int requests;
  private long tokens;

  LaneQueue(int buckets) {
    this.oldest = new Request[buckets + 1];
    this.youngest = new Request[buckets + 1];
  }

  public int requests() {
    return requests;
  }

  public long tokens() {
    return tokens;
  }

  private int list(Request request) {
    return request.alone ? oldest.length - 1 : request.bucket;
  }

  /** Adds a request at the place of its age. */
  void add(Request request) {
    int list = list(request);
    Request before = youngest[list];
    while (before != null && before.sequence > request.sequence) {
      before = before.older;
    }
    Request after = before == null ? oldest[list] : before.younger;
    request.older = before;
    request.younger = after;
    if (before == null) {
      oldest[list] = request;
    } else {
      before.younger = request;
    }
    if (after == null) {
      youngest[list] = request;
    } else {
      after.older = request;
    }
    requests++;
    tokens += request.tokens;
  }

  /** Removes a request from any place. */
  void remove(Request request) {
    int list = list(request);
    Request before = request.older;
    Request after = request.younger;
    if (before == null) {
      oldest[list] = after;
    } else {
      before.younger = after;
    }
    if (after == null) {
      youngest[list] = before;
    } else {
      after.older = before;
    }
    request.older = null;
    request.younger = null;
    requests--;
    tokens -= request.tokens;
  }

  /** The oldest of the requests that must be executed without others, or null. */
  public @Nullable Request oldestAlone() {
    return oldest[oldest.length - 1];
  }

  /** The oldest request of a bucket that may share an execution, or null. */
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
