package io.github.neuronembed.engine;

import io.github.neuronembed.engine.queue.Group;
import io.github.neuronembed.engine.queue.Request;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports the scheduler's decisions to futures, waiting threads and the listener. Runs outside the
 * lock. Each call is guarded, so that an exception of one does not affect another. Thread-safe.
 */
final class Completions {

  private static final Logger LOG = LoggerFactory.getLogger(Completions.class);

  private final EngineListener listener;
  private final boolean listened;
  private final int[] bucketLengths;

  /** Ends that could not be reported for lack of memory or stack: {@link #retry} reports them. */
  private final AtomicReference<@Nullable Request> unreported = new AtomicReference<>();

  /**
   * @param listened whether there is a listener: else no objects are created for it
   */
  Completions(EngineListener listener, boolean listened, int[] bucketLengths) {
    this.listener = listener;
    this.listened = listened;
    this.bucketLengths = bucketLengths;
  }

  /** Wakes the threads whose groups left the line. */
  void reportEntered(@Nullable Group first) {
    Group group = first;
    while (group != null) {
      Group next = group.nextEntered;
      group.nextEntered = null;
      ((Call) group).notifyLeftLine();
      group = next;
    }
  }

  /** Reports the ends of requests. */
  void reportEnded(@Nullable Request first) {
    Request request = first;
    while (request != null) {
      Request next = request.nextEnded;
      request.nextEnded = null;
      try {
        report(request);
      } catch (Throwable e) {
        keep(request, e);
      }
      request = next;
    }
  }

  private void report(Request request) {
    Call call = (Call) request.group();
    try {
      if (request.endsGroup) {
        call.notifyEnd();
      }
    } finally {
      if (call.counted && listened) {
        listener.ended(
            new End(
                request,
                call.bulk ? Lane.BULK : Lane.INTERACTIVE,
                bucketLengths[request.bucket],
                ending(request),
                request.startNanos - call.madeNanos,
                request.endNanos - call.madeNanos));
      }
    }
  }

  private void keep(Request request, Throwable reason) {
    if (request.endsGroup && !((Call) request.group()).hasEnd()) {
      Request first = unreported.get();
      request.nextEnded = first;
      while (!unreported.compareAndSet(first, request)) {
        first = unreported.get();
        request.nextEnded = first;
      }
    }
    try {
      LOG.error("The end of a request could not be reported at once.", reason);
    } catch (RuntimeException | Error e) {
      // There is no memory or stack for a log line, and the request is more important.
    }
  }

  /** Reports the ends that could not be reported before. */
  void retry() {
    Request request = unreported.getAndSet(null);
    while (request != null) {
      Request next = request.nextEnded;
      request.nextEnded = null;
      try {
        ((Call) request.group()).notifyEnd();
      } catch (Throwable e) {
        keep(request, e);
      }
      request = next;
    }
  }

  private static Ending ending(Request request) {
    Request.Outcome outcome = request.outcome;
    if (outcome == null) {
      throw new IllegalStateException("The request has not ended.");
    }
    return switch (outcome) {
      case COMPLETED -> Ending.COMPLETED;
      case FAILED -> Ending.FAILED;
      case EXPIRED -> Ending.EXPIRED;
      case CANCELLED -> Ending.CANCELLED;
    };
  }

  private record End(
      Request request, Lane lane, int bucketLength, Ending ending, long queueNanos, long totalNanos)
      implements EngineListener.RequestEnd {

    @Override
    public int rows() {
      return request.rows.length;
    }

    @Override
    public int tokens() {
      return request.tokens;
    }

    @Override
    public int tokens(int text) {
      return request.rows[text].length;
    }
  }
}
