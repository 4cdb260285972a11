package io.github.neuronembed.cli.serve;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs failures of requests: the first of a kind with its stack trace, the others of the same
 * minute as a count. A device that is lost fails every request, and the log must not fill the disk.
 * Thread-safe.
 */
final class FailureLog {

  static final Duration QUIET = Duration.ofMinutes(1);

  private final Logger log;
  private final LongSupplier nanoTime;
  private final Map<Class<?>, Kind> kinds = new HashMap<>();

  /**
   * @param nanoTime the clock, as {@link System#nanoTime()}
   */
  FailureLog(Logger log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
  }

  private static final class Kind {
    private long loggedAt;
    private long since;
  }

  /** A request failed with this exception. */
  void failed(Throwable failure) {
    long others;
    synchronized (this) {
      long now = nanoTime.getAsLong();
      Kind kind = kinds.get(failure.getClass());
      if (kind == null) {
        kind = new Kind();
        kinds.put(failure.getClass(), kind);
      } else if (now - kind.loggedAt < QUIET.toNanos()) {
        kind.since++;
        return;
      }
      others = kind.since;
      kind.loggedAt = now;
      kind.since = 0;
    }
    if (others == 0) {
      log.error("A request cannot be served.", failure);
    } else {
      log.error(
          "Requests cannot be served: this one, and {} since the last line.", others, failure);
    }
  }
}
