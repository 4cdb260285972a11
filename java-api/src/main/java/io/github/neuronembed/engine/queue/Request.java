package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.Nullable;

/** Rows of one bucket that are executed together. Belongs to the scheduler. */
public final class Request {

  /** Where a request is on its way. */
  public enum State {
    NEW,
    QUEUED,
    RUNNING,
    ENDED
  }

  /** Token ids, checked; nobody else has these arrays. */
  public final int[][] rows;

  private final int firstLength;

  public final int tokens;

  /** Tokens of the longest row. */
  public final int longest;

  public final int bucket;
  public State state = State.NEW;

  /** Its age: the order in which requests were admitted. */
  public long sequence;

  /** When its last execution began, or its end without one; 0 until then. */
  public long startNanos;

  /** When it ended; 0 until then. */
  public long endNanos;

  /** Whether it was executed once and waits for, or is in, its second execution. */
  public boolean retried;

  /**
   * Whether it goes without company, because it, or another one, made an execution's numbers no
   * numbers. Set while it waits nowhere.
   */
  public boolean alone;

  /** The core that failed it, another one is preferred; -1 for none. */
  public int avoidCore = -1;

  /** How it ended; null until then. */
  public @Nullable Outcome outcome;

  /** Whether its end is its group's. */
  public boolean endsGroup;

  /** The next one of a list of requests that ended. */
  public @Nullable Request nextEnded;

  /** What its execution gave, a vector for each row; not the scheduler's. */
  private final float[] @Nullable [] vectors;

  /** Whether the last execution gave a vector for it that is not finite. */
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
   * @param firstLength of the first row, its tokens of type 0, which come first
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

  /** Tokens of type 0 of a row, which come first; all of them but for the first row of a pair. */
  public int firstLength(int row) {
    return row == 0 ? firstLength : rows[row].length;
  }

  /** Receives what an execution gave for a row. */
  public void vector(int row, float[] elements) {
    vectors[row] = elements;
  }

  /** The vector of a row; only after an execution that went well. */
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

  /** The call that it came with. */
  public Group group() {
    if (group == null) {
      throw new IllegalStateException("The request has no group.");
    }
    return group;
  }
}
