package io.github.neuronembed.backend;

import java.util.concurrent.locks.ReentrantLock;

/**
 * A slot of a {@link HostBackend}: the model reads the ids and writes the vectors in place, so
 * nothing is transferred. Closing it waits for a running execution.
 */
public abstract class HostSlot implements ExecutionSlot, StageTimes {

  private final Shape shape;
  private final TokenBatch tokens;
  private final TokenVectors vectors;
  private final Runnable whenClosed;
  private final ReentrantLock inUse = new ReentrantLock();
  private boolean closed;
  private long executeNanos;

  /**
   * @param tokens over the buffers that the model reads
   * @param vectors over the buffer that it writes
   * @param whenClosed called once
   */
  protected HostSlot(Shape shape, TokenBatch tokens, TokenVectors vectors, Runnable whenClosed) {
    this.shape = shape;
    this.tokens = tokens;
    this.vectors = vectors;
    this.whenClosed = whenClosed;
  }

  /** Runs the model on the finished batch. The slot stays open during the call. */
  protected abstract void run();

  @Override
  public final Shape shape() {
    return shape;
  }

  @Override
  public final TokenBatch tokens() {
    return tokens;
  }

  @Override
  public final void execute() {
    inUse.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The slot is closed.");
      }
      tokens.requireFinished();
      long start = System.nanoTime();
      run();
      executeNanos = System.nanoTime() - start;
    } finally {
      inUse.unlock();
    }
  }

  @Override
  public final TokenVectors output() {
    return vectors;
  }

  @Override
  public final StageTimes stageTimes() {
    return this;
  }

  @Override
  public final long executeNanos() {
    return executeNanos;
  }

  @Override
  public final void close() {
    inUse.lock();
    try {
      if (!closed) {
        closed = true;
        whenClosed.run();
      }
    } finally {
      inUse.unlock();
    }
  }
}
