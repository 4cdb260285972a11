package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/** One request failed. Others may succeed; {@link #isRetryable()} says whether this one may too. */
public class InferenceException extends EmbeddingException {

  private static final long serialVersionUID = 1L;

  private final boolean retryable;

  public InferenceException(String message, boolean retryable) {
    this(message, retryable, null);
  }

  public InferenceException(String message, boolean retryable, @Nullable Throwable cause) {
    super(message, cause);
    this.retryable = retryable;
  }

  /** Whether the same request may succeed when it is made again, unchanged. */
  public final boolean isRetryable() {
    return retryable;
  }
}
