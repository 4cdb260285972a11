package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.Nullable;

/** Rows of one bucket that are executed together. Part of the scheduler's state. */
public final class Request {

  /** The state of a request. */
  public enum State {
    NEW,
    QUEUED,
    RUNNING,
    ENDED
  }

  /** Checked token ids; no other code holds these arrays. */
  public final int[][] rows;

  private final int firstLength;

  public final int tokens;

  /** Tokens of the longest row. */
  public final int longest;

  public final int bucket;
  public State state = State.NEW;

  /** Its age: the order in which requests were admitted. */
  public long sequence;

  /** When its last execution began, or when it ended if it was never executed; 0 until then. */
  public long startNanos;

  /** When it ended; 0 until then. */
  public long endNanos;

  /** Whether an execution of it failed, so that it waits for its second execution or is in it. */
  public boolean retried;

  /**
   * Whether it must be executed without other requests: an execution that contained it gave NaN or
   * infinite values. Set only while it is in no queue.
   */
  public boolean alone;

  /** The core on which it failed; another core is preferred. -1 for none. */
  public int avoidCore = -1;

  /** How it ended; null until then. */
  public @Nullable Outcome outcome;

  /** Whether its end also ends its group. */
  public boolean endsGroup;

  /** The next one of a list of requests that ended. */
  public @Nullable Request nextEnded;

  /** The result of its execution, a vector for each row; not part of the scheduler's state. */
  private final float[] @Nullable [] vectors;

  /** Whether the last execution gave it a vector with a value that is not finite. */
  public boolean spoiled;

  @Nullable Request older;
  @Nullable Request younger;
  private @Nullable Group group;

  /** How a request ended. */
  public enum Outcome {
    COMPLETED,
    FAILED,
    EXPIRED,
    CANCELLED
  }

  /**
   * @param rows at least one, none empty; owned by the request from now on
   * @param bucket that holds them
   */
  public Request(int[][] rows, int bucket) {
    this(rows, rows[0].length, bucket);
  }

  /**
   * A pair, or rows of texts.
   *
   * @param firstLength how many tokens of type 0 the first row begins with
   */
  public Request(int[][] rows, int firstLength, int bucket) {
    this.rows = rows;
    this.firstLength = firstLength;
    this.bucket = bucket;
    int sum = 0;
    int most = 0;
    for (int[] row : rows) {
      sum += row.length;
      most = Math.max(most, row.length);
    }
    this.tokens = sum;
    this.longest = most;
    this.vectors = new float[rows.length][];
  }

  /** How many tokens of type 0 a row begins with: all tokens, except in the first row of a pair. */
  public int firstLength(int row) {
    return row == 0 ? firstLength : rows[row].length;
  }

  /** Sets the vector that an execution gave for a row. */
  public void vector(int row, float[] elements) {
    vectors[row] = elements;
  }

  /** The vector of a row; only after an execution that succeeded. */
  public float[] vector(int row) {
    float[] elements = vectors[row];
    if (elements == null) {
      throw new IllegalStateException("The request has no vectors.");
    }
    return elements;
  }

  void join(Group call) {
    if (group != null) {
      throw new IllegalStateException("The request has a group.");
    }
    group = call;
  }

  /** The group of the call that it belongs to. */
  public Group group() {
    if (group == null) {
      throw new IllegalStateException("The request has no group.");
    }
    return group;
  }
}
