package io.github.neuronembed.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How one request is to be served.
 *
 * @param lane how urgent it is
 * @param timeout how long after it was made its execution may still begin; null for ever
 */
public record RequestOptions(Lane lane, @Nullable Duration timeout) {

  /** Urgent, without a deadline. */
  public static final RequestOptions INTERACTIVE = new RequestOptions(Lane.INTERACTIVE, null);

  /** Not urgent, without a deadline. */
  public static final RequestOptions BULK = new RequestOptions(Lane.BULK, null);

  /** The same with a deadline, counted from the moment the request is made. */
  public RequestOptions within(Duration time) {
    return new RequestOptions(lane, time);
  }
}
