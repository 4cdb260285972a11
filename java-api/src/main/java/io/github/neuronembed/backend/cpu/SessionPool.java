package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.encoder.EncoderSession;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The native memory of executions: as many sessions as executions ever ran at once, not as many as
 * slots, most of which wait. Lending allocates nothing if this many sessions were lent before.
 * Thread-safe.
 */
final class SessionPool implements AutoCloseable {

  private final EncoderModel model;
  private final int maxTokens;
  private final int maxTexts;
  private final int threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<EncoderSession> idle = new ArrayDeque<>();

  SessionPool(EncoderModel model, int maxTokens, int maxTexts, int threads) {
    this.model = model;
    this.maxTokens = maxTokens;
    this.maxTexts = maxTexts;
    this.threads = threads;
  }

  /**
   * Lends a session until {@link #giveBack}.
   *
   * @throws io.github.neuronembed.encoder.EncoderException if there is no memory for another one
   */
  EncoderSession lend() {
    lock.lock();
    try {
      EncoderSession session = idle.pollFirst();
      if (session != null) {
        return session;
      }
    } finally {
      lock.unlock();
    }
    return model.newSession(maxTokens, maxTexts, threads);
  }

  void giveBack(EncoderSession session) {
    lock.lock();
    try {
      idle.addFirst(session);
    } finally {
      lock.unlock();
    }
  }

  /** Frees the sessions that are not lent. */
  @Override
  public void close() {
    lock.lock();
    try {
      while (!idle.isEmpty()) {
        idle.removeFirst().close();
      }
    } finally {
      lock.unlock();
    }
  }
}
