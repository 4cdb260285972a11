package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/** A request's deadline passed before its execution began; it cost no device time. */
public final class DeadlineExceededException extends InferenceException {

  private static final long serialVersionUID = 1L;

  public DeadlineExceededException(String message) {
    this(message, null);
  }

  public DeadlineExceededException(String message, @Nullable Throwable cause) {
    super(message, false, cause);
  }
}
