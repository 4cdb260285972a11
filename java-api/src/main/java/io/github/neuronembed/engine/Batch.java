package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one execution computes, and what was found dead when it was put together. Reusable. */
final class Batch {

  final List<Request> requests = new ArrayList<>();

  /** Taken out of the queue with them, and not worth an execution. */
  final List<Request> dead = new ArrayList<>();

  private @Nullable Shape shape;
  private int rows;
  private int tokens;
  private int longest;

  void clear() {
    requests.clear();
    dead.clear();
    shape = null;
    rows = 0;
    tokens = 0;
    longest = 0;
  }

  void add(Request request) {
    requests.add(request);
    rows += request.rows.length;
    tokens += request.tokens;
    for (int[] row : request.rows) {
      longest = Math.max(longest, row.length);
    }
  }

  void shape(Shape chosen) {
    this.shape = chosen;
  }

  Shape shape() {
    if (shape == null) {
      throw new IllegalStateException("The batch has no shape yet.");
    }
    return shape;
  }

  boolean isEmpty() {
    return requests.isEmpty();
  }

  int rows() {
    return rows;
  }

  /** Tokens of the rows, without padding. */
  int tokens() {
    return tokens;
  }

  /** Tokens of the longest row. */
  int longest() {
    return longest;
  }
}
