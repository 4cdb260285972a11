package io.github.neuronembed.cli.serve;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The requests that a server serves: at most so many at once, and none any more when it drains.
 * Only the event loop changes it; other threads may read it and wait.
 */
final class RequestsInFlight {

  private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);

  private final int most;
  private final CountDownLatch drained = new CountDownLatch(1);

  /** Requests from their head to the end of their answer. */
  private final AtomicInteger active = new AtomicInteger();

  /** Of these, the requests whose body has arrived and whose answer is not ready. */
  private int working;

  private volatile boolean draining;

  /**
   * @param most requests whose body has arrived and whose answer is not ready
   */
  RequestsInFlight(int most) {
    this.most = most;
  }

  /** The error for a request that there is no room for. */
  static HttpError tooMany() {
    return new HttpError(HttpError.Kind.OVERLOADED, "Too many requests are in flight.")
        .withCode("too_many_requests")
        .retryAfter(RETRY_WHEN_FULL);
  }

  /** A request is refused if too many are being served. */
  void requireCapacity() {
    if (working >= most) {
      throw tooMany();
    }
  }

  /** A request's head has arrived. */
  void begun() {
    active.incrementAndGet();
  }

  /** A request's body has arrived; returns false if too many requests are being served. */
  boolean begin() {
    if (working >= most) {
      return false;
    }
    working++;
    return true;
  }

  /** A request's answer is ready, or nobody waits for it. */
  void end() {
    working--;
  }

  /** A request with a body is over. */
  void ended() {
    if (active.decrementAndGet() == 0 && draining) {
      drained.countDown();
    }
  }

  /** Requests from their head to the end of their answer. */
  int active() {
    return active.get();
  }

  /** No more requests are accepted. */
  void drain() {
    draining = true;
    if (active.get() == 0) {
      drained.countDown();
    }
  }

  /** Whether no more requests are accepted. */
  boolean isDraining() {
    return draining;
  }

  /** Waits for all requests to be over after {@link #drain}; returns whether they are. */
  boolean awaitDrained(Duration time) throws InterruptedException {
    return drained.await(time.toMillis(), TimeUnit.MILLISECONDS) || active.get() == 0;
  }
}
