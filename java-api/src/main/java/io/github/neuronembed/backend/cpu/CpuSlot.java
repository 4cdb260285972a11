package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.ExecutionSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.StageTimes;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderSession;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A slot whose texts are stored end to end for the encoder: it reads the ids in place, as many as
 * each text has, and computes no padding.
 */
final class CpuSlot implements ExecutionSlot, StageTimes {

  private final Shape shape;
  private final SessionPool sessions;
  private final Runnable giveBack;
  private final EncoderBatch batch;
  private final TokenBatch tokens;
  private final TokenVectors vectors;
  private final ReentrantLock inUse = new ReentrantLock();
  private boolean closed;
  private long executeNanos;

  /**
   * Allocates it.
   *
   * @param giveBack called once, on close
   */
  CpuSlot(Shape shape, int hiddenSize, int padTokenId, SessionPool sessions, Runnable giveBack) {
    this.shape = shape;
    this.sessions = sessions;
    this.giveBack = giveBack;
    this.batch = new EncoderBatch(hiddenSize, shape.batchSize(), shape.sequenceLength());
    this.tokens =
        new TokenBatch(shape, false, ElementType.INT32, padTokenId, batch.ids(), null, null);
    this.vectors = new TokenVectors(batch.vectors(), ElementType.FLOAT32, hiddenSize, true, 1);
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public TokenBatch tokens() {
    return tokens;
  }

  @Override
  public void execute() {
    inUse.lock();
    try {
      if (closed) {
        throw new IllegalStateException("The slot is closed.");
      }
      if (!tokens.isFinished()) {
        throw new IllegalStateException("The batch is not finished: call finish() first.");
      }
      for (int row = 0; row < tokens.rows(); row++) {
        batch.length(row, tokens.length(row));
      }
      long start = System.nanoTime();
      EncoderSession session = sessions.lend();
      try {
        session.run(batch, tokens.rows(), tokens.sequenceLength());
      } finally {
        sessions.giveBack(session);
      }
      executeNanos = System.nanoTime() - start;
    } catch (EncoderException e) {
      throw CpuErrors.atRun(e);
    } finally {
      inUse.unlock();
    }
  }

  @Override
  public TokenVectors output() {
    return vectors;
  }

  @Override
  public StageTimes stageTimes() {
    return this;
  }

  @Override
  public long writeNanos() {
    return 0;
  }

  @Override
  public long executeNanos() {
    return executeNanos;
  }

  @Override
  public long readNanos() {
    return 0;
  }

  @Override
  public void close() {
    inUse.lock();
    try {
      if (!closed) {
        closed = true;
        giveBack.run();
      }
    } finally {
      inUse.unlock();
    }
  }
}
