package io.github.neuronembed.cli.pull;

import dev.failsafe.ExecutionContext;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.failsafe.function.CheckedSupplier;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Tries a request again, after a growing pause or the one that the server asks for, when its
 * failure may pass: HTTP 408, 429 and 5xx, a broken connection, wrong bytes.
 */
final class Retries {

  /** How often a request is tried. */
  static final int TRIES = 6;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final RetryPolicy<Object> always;
  private final RetryPolicy<Object> onlyIfReachable;

  /**
   * @param pause takes the pause before another try and returns the one to make; identity but in
   *     tests
   */
  Retries(UnaryOperator<Duration> pause) {
    this.always = policy(pause, failure -> true);
    this.onlyIfReachable = policy(pause, failure -> !failure.isUnreachable());
  }

  private static RetryPolicy<Object> policy(
      UnaryOperator<Duration> pause, Predicate<TransferException> worthAnotherTry) {
    return RetryPolicy.builder()
        .handleIf(e -> e instanceof TransferException failure && worthAnotherTry.test(failure))
        .withMaxAttempts(TRIES)
        .withDelayFn(context -> pause.apply(pauseBefore(context)))
        .build();
  }

  private static Duration pauseBefore(ExecutionContext<Object> next) {
    if (next.getLastException() instanceof TransferException failure) {
      Duration asked = failure.retryAfter();
      if (asked != null) {
        return asked;
      }
    }
    Duration grown = FIRST_PAUSE.multipliedBy(1L << (next.getAttemptCount() - 1));
    return grown.compareTo(LONGEST_PAUSE) < 0 ? grown : LONGEST_PAUSE;
  }

  /**
   * The first request of a run: a server that cannot be reached is not tried again.
   *
   * @throws TransferException the last try's, if none succeeded
   */
  <T> T first(CheckedSupplier<T> request) throws IOException, InterruptedException {
    return run(onlyIfReachable, request);
  }

  /**
   * A request of a server that has answered before.
   *
   * @throws TransferException the last try's, if none succeeded
   */
  <T> T further(CheckedSupplier<T> request) throws IOException, InterruptedException {
    return run(always, request);
  }

  private static <T> T run(RetryPolicy<Object> policy, CheckedSupplier<T> request)
      throws IOException, InterruptedException {
    try {
      return Failsafe.with(policy).get(request);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      if (e.getCause() instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      throw e;
    }
  }
}
