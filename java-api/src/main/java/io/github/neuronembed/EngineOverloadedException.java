package io.github.neuronembed;

import java.time.Duration;

/** The engine's queue is full: the request was rejected at once and cost no device time. */
public final class EngineOverloadedException extends InferenceException {

  private static final long serialVersionUID = 1L;

  private final int queuedRequests;
  private final long queuedTokens;
  private final Duration retryAfter;

  public EngineOverloadedException(int queuedRequests, long queuedTokens, Duration retryAfter) {
    super(
        "The engine is overloaded: %s requests (%s tokens) are waiting. Try again in about %s ms."
            .formatted(queuedRequests, queuedTokens, retryAfter.toMillis()),
        true);
    this.queuedRequests = queuedRequests;
    this.queuedTokens = queuedTokens;
    this.retryAfter = retryAfter;
  }

  /** Requests that were waiting when this one was refused. */
  public int queuedRequests() {
    return queuedRequests;
  }

  /** Tokens of the requests that were waiting when this one was refused. */
  public long queuedTokens() {
    return queuedTokens;
  }

  /** A hint when the queue will probably have space again, from the current rate of service. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
