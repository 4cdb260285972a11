package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A request failed in a way that a retry may fix; the message is a clause that says how. */
final class TransferException extends IOException {

  private static final long serialVersionUID = 1L;

  private final @Nullable Duration retryAfter;
  private final boolean unreachable;

  private TransferException(
      String message,
      @Nullable Throwable cause,
      @Nullable Duration retryAfter,
      boolean unreachable) {
    super(message, cause);
    this.retryAfter = retryAfter;
    this.unreachable = unreachable;
  }

  /** The received data is incomplete or wrong. */
  static TransferException broken(String message) {
    return new TransferException(message, null, null, false);
  }

  /** The connection broke. */
  static TransferException broken(String message, Throwable cause) {
    return new TransferException(message, cause, null, false);
  }

  /** The server asks to come back later. */
  static TransferException refused(String message, @Nullable Duration retryAfter) {
    return new TransferException(message, null, retryAfter, false);
  }

  /** No connection came about. */
  static TransferException unreachable(String message, Throwable cause) {
    return new TransferException(message, cause, null, true);
  }

  /** The wait that the server asks for, if any. */
  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** Whether there was no connection at all. */
  boolean isUnreachable() {
    return unreachable;
  }

  /**
   * The reason of a failed request, in one line: the message of the deepest cause if it has no
   * message itself.
   */
  static String reason(IOException e) {
    Throwable deepest = e;
    while (deepest.getCause() != null && deepest.getMessage() == null) {
      deepest = deepest.getCause();
    }
    return deepest.getMessage() == null ? deepest.getClass().getSimpleName() : firstLine(deepest);
  }

  /** The first line of an exception's message. */
  static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
