package io.github.neuronembed.engine;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options of an engine. Immutable; equal if all options are equal. */
public final class EngineOptions {

  private final int slotsPerReplica;
  private final int maxQueuedRequests;
  private final long maxQueuedTokens;
  private final Duration batchWait;
  private final double bulkShare;
  private final Duration closeTimeout;
  private final EngineListener listener;

  private EngineOptions(Builder builder) {
    requirePositive("slotsPerReplica", builder.slotsPerReplica);
    requirePositive("maxQueuedRequests", builder.maxQueuedRequests);
    requirePositive("maxQueuedTokens", builder.maxQueuedTokens);
    requireNotNegative("batchWait", builder.batchWait);
    requireNotNegative("closeTimeout", builder.closeTimeout);
    if (!(builder.bulkShare >= 0 && builder.bulkShare < 1)) {
      throw new IllegalArgumentException(
          "The bulk share must be at least 0 and below 1, not %s.".formatted(builder.bulkShare));
    }
    this.slotsPerReplica = builder.slotsPerReplica;
    this.maxQueuedRequests = builder.maxQueuedRequests;
    this.maxQueuedTokens = builder.maxQueuedTokens;
    this.batchWait = builder.batchWait;
    this.bulkShare = builder.bulkShare;
    this.closeTimeout = builder.closeTimeout;
    this.listener = builder.listener;
  }

  private static void requirePositive(String option, long value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s is at least 1, not %s.".formatted(option, value));
    }
  }

  private static void requireNotNegative(String option, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException("%s must not be negative: %s.".formatted(option, value));
    }
  }

  /**
   * Executions of a replica in flight at once; with two, the transfers of one overlap the computing
   * of the other.
   */
  public int slotsPerReplica() {
    return slotsPerReplica;
  }

  /** The maximum number of waiting requests per lane. */
  public int maxQueuedRequests() {
    return maxQueuedRequests;
  }

  /**
   * The maximum number of waiting tokens per lane; a larger call is accepted if the lane is empty.
   */
  public long maxQueuedTokens() {
    return maxQueuedTokens;
  }

  /** How long a free slot waits for more texts if a batch is not full. */
  public Duration batchWait() {
    return batchWait;
  }

  /** The minimum share of the tokens that bulk work gets while both lanes wait, 0 to 1. */
  public double bulkShare() {
    return bulkShare;
  }

  /** How long closing waits for accepted requests. */
  public Duration closeTimeout() {
    return closeTimeout;
  }

  /** Receives the engine's events. */
  public EngineListener listener() {
    return listener;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EngineOptions options && values().equals(options.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  private List<Object> values() {
    return List.of(
        slotsPerReplica,
        maxQueuedRequests,
        maxQueuedTokens,
        batchWait,
        bulkShare,
        closeTimeout,
        listener);
  }

  /**
   * Default options: two slots, 2,048 requests and half a million tokens per lane, no wait, a bulk
   * share of a tenth.
   */
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
    private Duration closeTimeout = Duration.ofSeconds(30);
    private EngineListener listener = EngineListener.NONE;

    private Builder() {}

    /** Executions of a replica in flight at once, at least 1; 2 by default. */
    public Builder slotsPerReplica(int count) {
      this.slotsPerReplica = count;
      return this;
    }

    /** The maximum number of waiting requests per lane, at least 1; 2,048 by default. */
    public Builder maxQueuedRequests(int count) {
      this.maxQueuedRequests = count;
      return this;
    }

    /** The maximum number of waiting tokens per lane, at least 1; 500,000 by default. */
    public Builder maxQueuedTokens(long count) {
      this.maxQueuedTokens = count;
      return this;
    }

    /**
     * How long a free slot waits for more texts if a batch is not full, not negative; zero by
     * default.
     */
    public Builder batchWait(Duration time) {
      this.batchWait = time;
      return this;
    }

    /**
     * The minimum share of the tokens that bulk work gets while both lanes wait, from 0 to below 1;
     * 0.1 by default. Up to 16 of the longest texts that it got just before, when nobody else
     * wanted the slot, count as a part of it.
     */
    public Builder bulkShare(double part) {
      this.bulkShare = part;
      return this;
    }

    /** How long closing waits for accepted requests, not negative; 30 seconds by default. */
    public Builder closeTimeout(Duration time) {
      this.closeTimeout = time;
      return this;
    }

    /** Receives the engine's events, on the threads where they happen; none by default. */
    public Builder listener(EngineListener target) {
      this.listener = target;
      return this;
    }

    /**
     * Checks and freezes the options.
     *
     * @throws IllegalArgumentException if a value is invalid
     */
    public EngineOptions build() {
      return new EngineOptions(this);
    }
  }
}
