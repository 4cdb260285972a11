package io.github.neuronembed.engine;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The options of one request. Immutable: each change returns a new object. */
public final class RequestOptions {

  /** Urgent, without a deadline. */
  public static final RequestOptions INTERACTIVE =
      new RequestOptions(Lane.INTERACTIVE, null, false);

  /** Not urgent, without a deadline; waits for space in the queue. */
  public static final RequestOptions BULK = new RequestOptions(Lane.BULK, null, true);

  private final Lane lane;
  private final @Nullable Duration timeout;
  private final boolean waiting;

  private RequestOptions(Lane lane, @Nullable Duration timeout, boolean waiting) {
    this.lane = lane;
    this.timeout = timeout;
    this.waiting = waiting;
  }

  /** {@link #INTERACTIVE} or {@link #BULK}, by the lane. */
  public static RequestOptions of(Lane lane) {
    return lane == Lane.INTERACTIVE ? INTERACTIVE : BULK;
  }

  /** The same with a deadline, counted from the moment the request is made. */
  public RequestOptions within(Duration time) {
    return new RequestOptions(lane, Objects.requireNonNull(time, "time"), waiting);
  }

  /**
   * The same, but rejected at once if the lane is full, as interactive work always is: a call that
   * returns a future then never blocks.
   */
  public RequestOptions withoutWaiting() {
    return new RequestOptions(lane, timeout, false);
  }

  /** How urgent it is. */
  public Lane lane() {
    return lane;
  }

  /** How long after its creation its execution may begin; null without limit. */
  public @Nullable Duration timeout() {
    return timeout;
  }

  /** Whether a caller waits for space in the lane instead of being rejected. */
  public boolean waitsForSpace() {
    return waiting;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RequestOptions options
        && lane == options.lane
        && waiting == options.waiting
        && Objects.equals(timeout, options.timeout);
  }

  @Override
  public int hashCode() {
    return Objects.hash(lane, timeout, waiting);
  }

  @Override
  public String toString() {
    return lane
        + (timeout == null ? "" : " within " + timeout)
        + (waiting ? ", waits for space" : "");
  }
}
