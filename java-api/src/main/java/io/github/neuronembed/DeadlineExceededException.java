package io.github.neuronembed;

/** A request's deadline passed before its execution began; it cost no device time. */
public final class DeadlineExceededException extends InferenceException {

  private static final long serialVersionUID = 1L;

  public DeadlineExceededException(String message) {
    super(message, false);
  }
}
