package io.github.neuronembed.engine;

import java.time.Duration;

/**
 * How an engine works.
 *
 * @param slotsPerReplica executions of a replica under way at once; with two, the transfers of one
 *     overlap the computing of the other
 * @param maxQueuedRequests most requests that wait in a lane
 * @param maxQueuedTokens most tokens that wait in a lane; a request of more waits if it is alone
 * @param batchWait how long a free slot waits for company for a batch that is not full
 * @param bulkShare part of the tokens that bulk work gets at least while both lanes wait, 0 to 1
 * @param vocabularySize token ids are below this; checked, because a device does not
 * @param closeTimeout how long closing lets accepted requests end
 * @param listener told what happens
 */
public record EngineOptions(
    int slotsPerReplica,
    int maxQueuedRequests,
    long maxQueuedTokens,
    Duration batchWait,
    double bulkShare,
    int vocabularySize,
    Duration closeTimeout,
    EngineListener listener) {

  /**
   * @throws IllegalArgumentException if a value makes no sense
   */
  public EngineOptions {
    if (slotsPerReplica < 1 || maxQueuedRequests < 1 || maxQueuedTokens < 1 || vocabularySize < 1) {
      throw new IllegalArgumentException("Slots, limits and the vocabulary size are positive.");
    }
    if (!(bulkShare >= 0 && bulkShare < 1)) {
      throw new IllegalArgumentException(
          "The bulk share is at least 0 and below 1, not %s.".formatted(bulkShare));
    }
    if (batchWait.isNegative() || closeTimeout.isNegative()) {
      throw new IllegalArgumentException("A time is not negative.");
    }
  }

  /** Starts with: two slots, 2,048 requests and half a million tokens a lane, no wait, a tenth. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the options. Not thread-safe. */
  public static final class Builder {
    private int slotsPerReplica = 2;
    private int maxQueuedRequests = 2_048;
    private long maxQueuedTokens = 500_000;
    private Duration batchWait = Duration.ZERO;
    private double bulkShare = 0.1;
    private int vocabularySize = Integer.MAX_VALUE;
    private Duration closeTimeout = Duration.ofSeconds(30);
    private EngineListener listener = EngineListener.NONE;

    private Builder() {}

    public Builder slotsPerReplica(int count) {
      this.slotsPerReplica = count;
      return this;
    }

    public Builder maxQueuedRequests(int count) {
      this.maxQueuedRequests = count;
      return this;
    }

    public Builder maxQueuedTokens(long count) {
      this.maxQueuedTokens = count;
      return this;
    }

    public Builder batchWait(Duration time) {
      this.batchWait = time;
      return this;
    }

    public Builder bulkShare(double part) {
      this.bulkShare = part;
      return this;
    }

    public Builder vocabularySize(int size) {
      this.vocabularySize = size;
      return this;
    }

    public Builder closeTimeout(Duration time) {
      this.closeTimeout = time;
      return this;
    }

    public Builder listener(EngineListener told) {
      this.listener = told;
      return this;
    }

    /**
     * Checks and freezes the options.
     *
     * @throws IllegalArgumentException if a value makes no sense
     */
    public EngineOptions build() {
      return new EngineOptions(
          slotsPerReplica,
          maxQueuedRequests,
          maxQueuedTokens,
          batchWait,
          bulkShare,
          vocabularySize,
          closeTimeout,
          listener);
    }
  }
}
