package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.ElementType;
import io.github.neuronembed.backend.HostSlot;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderException;
import io.github.neuronembed.encoder.EncoderSession;

/**
 * A slot whose texts are stored end to end for the encoder: it reads the ids in place, as many as
 * each text has, and computes no padding.
 */
final class CpuSlot extends HostSlot {

  private final SessionPool sessions;
  private final EncoderBatch batch;

  /** Allocates it. */
  CpuSlot(Shape shape, int hiddenSize, int padTokenId, SessionPool sessions, Runnable whenClosed) {
    this(
        shape,
        hiddenSize,
        padTokenId,
        new EncoderBatch(hiddenSize, shape.batchSize(), shape.sequenceLength()),
        sessions,
        whenClosed);
  }

  private CpuSlot(
      Shape shape,
      int hiddenSize,
      int padTokenId,
      EncoderBatch batch,
      SessionPool sessions,
      Runnable whenClosed) {
    super(
        shape,
        new TokenBatch(shape, false, ElementType.INT32, padTokenId, batch.ids(), null, null),
        new TokenVectors(batch.vectors(), ElementType.FLOAT32, hiddenSize, true, 1),
        whenClosed);
    this.sessions = sessions;
    this.batch = batch;
  }

  @Override
  protected void run() {
    TokenBatch tokens = tokens();
    for (int row = 0; row < tokens.rows(); row++) {
      batch.length(row, tokens.length(row));
    }
    try {
      EncoderSession session = sessions.lend();
      try {
        session.run(batch, tokens.rows(), tokens.sequenceLength());
      } finally {
        sessions.giveBack(session);
      }
    } catch (EncoderException e) {
      throw CpuErrors.atRun(e);
    }
  }
}
