package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * A failure outside the caller's code: of a backend, a model or a device, or an overload. The
 * subclass says what the caller can do about it; the message says what failed, where, and what to
 * do. A bad argument is an {@link IllegalArgumentException}, use after close is an {@link
 * IllegalStateException}; neither is a subclass.
 */
public abstract class EmbeddingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  EmbeddingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
