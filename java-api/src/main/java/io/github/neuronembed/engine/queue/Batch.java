package io.github.neuronembed.engine.queue;

import io.github.neuronembed.backend.Shape;
import org.jspecify.annotations.Nullable;

/** What one execution computes. Reusable; holds as many requests as any shape takes texts. */
public final class Batch {

  private final @Nullable Request[] requests;
  private int count;
  private int led;
  private @Nullable Shape shape;
  private int rows;
  private int tokens;
  private int longest;

  public Batch(int mostRequests) {
    this.requests = new Request[mostRequests];
    this.led = Integer.MAX_VALUE;
  }

  public void clear() {
    while (count > 0) {
      requests[--count] = null;
    }
    shape = null;
    led = Integer.MAX_VALUE;
    rows = 0;
    tokens = 0;
    longest = 0;
  }

  public void add(Request request) {
    requests[count] = request;
    count++;
    rows += request.rows.length;
    tokens += request.tokens;
    longest = Math.max(longest, request.longest);
  }

  /** Requests added from now on only fill space that would be empty. */
  public void ridersFollow() {
    led = count;
  }

  /** Whether a request only fills space that would be empty. */
  public boolean rides(int index) {
    return index >= led;
  }

  public void shape(Shape chosen) {
    this.shape = chosen;
  }

  public Shape shape() {
    if (shape == null) {
      throw new IllegalStateException("The batch has no shape yet.");
    }
    return shape;
  }

  /** Requests in it. */
  public int size() {
    return count;
  }

  public Request request(int index) {
    Request request = requests[index];
    if (request == null) {
      throw new IndexOutOfBoundsException(index);
    }
    return request;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  /** Rows of the requests. */
  public int rows() {
    return rows;
  }

  /** Tokens of the rows, without padding. */
  public int tokens() {
    return tokens;
  }

  /** Tokens of the longest row. */
  public int longest() {
    return longest;
  }
}
