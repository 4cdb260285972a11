package io.github.neuronembed.cli.bench.figures;

/**
 * Sums of the time of calls by stage, and of the tokens that they carried. Not thread-safe; the
 * sums of several threads are added when these threads have ended.
 */
public final class Stages {

  private static final double NANOS_PER_MILLI = 1e6;

  private long calls;
  private long queueNanos;
  private long tokenizeNanos;
  private long executions;
  private long writeNanos;
  private long executeNanos;
  private long readNanos;
  private long rows;
  private long tokens;
  private long squaredTokens;
  private long computedTokens;

  /** Adds a call, and how long it waited for a worker. */
  public void call(long waitedNanos) {
    calls++;
    queueNanos += waitedNanos;
  }

  /** Adds the time that a call waited inside the service. */
  public void queued(long nanos) {
    queueNanos += nanos;
  }

  /** Adds the time to tokenize a text. */
  public void tokenized(long nanos) {
    tokenizeNanos += nanos;
  }

  /** Adds a row. */
  public void row(int length) {
    rows++;
    tokens += length;
    squaredTokens += (long) length * length;
  }

  /**
   * Adds an execution.
   *
   * @param computed tokens, padding included
   */
  public void executed(long computed, long write, long execute, long read) {
    executions++;
    computedTokens += computed;
    writeNanos += write;
    executeNanos += execute;
    readNanos += read;
  }

  public void add(Stages other) {
    calls += other.calls;
    queueNanos += other.queueNanos;
    tokenizeNanos += other.tokenizeNanos;
    executions += other.executions;
    writeNanos += other.writeNanos;
    executeNanos += other.executeNanos;
    readNanos += other.readNanos;
    rows += other.rows;
    tokens += other.tokens;
    squaredTokens += other.squaredTokens;
    computedTokens += other.computedTokens;
  }

  /** Tokens of the rows, without padding. */
  public long tokens() {
    return tokens;
  }

  /** The sum over the rows of the square of their tokens, which the cost of attention follows. */
  public long squaredTokens() {
    return squaredTokens;
  }

  /** Part of the computed tokens that was padding, 0 to 1; NaN if nothing was computed. */
  public double paddingRatio() {
    return computedTokens == 0 ? Double.NaN : 1 - (double) tokens / computedTokens;
  }

  /** Tokens of a row on average, without padding; NaN without rows. */
  public double tokensPerRow() {
    return rows == 0 ? Double.NaN : (double) tokens / rows;
  }

  /** Rows of an execution on average; NaN if nothing was computed. */
  public double rowsPerExecution() {
    return executions == 0 ? Double.NaN : (double) rows / executions;
  }

  /** Mean wait of a call, from when it was meant to begin. */
  public double queueMillis() {
    return mean(queueNanos, calls);
  }

  /** Mean time that a call takes to tokenize its texts. */
  public double tokenizeMillis() {
    return mean(tokenizeNanos, calls);
  }

  /** Mean time of an execution from the host to the device. */
  public double writeMillis() {
    return mean(writeNanos, executions);
  }

  /** Mean time of an execution for computing, the wait for the core included. */
  public double executeMillis() {
    return mean(executeNanos, executions);
  }

  /** Mean time of an execution from the device to the host. */
  public double readMillis() {
    return mean(readNanos, executions);
  }

  /** Mean time of an execution in all. */
  public double inferMillis() {
    return mean(writeNanos + executeNanos + readNanos, executions);
  }

  private static double mean(long nanos, long count) {
    return count == 0 ? Double.NaN : nanos / NANOS_PER_MILLI / count;
  }
}
