package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * Something outside of the caller's code went wrong: a backend, a model, a device, an overload. The
 * subclass says what the caller can do about it; the message says what failed, where, and what to
 * do. A bad argument is an {@link IllegalArgumentException}, use after close an {@link
 * IllegalStateException}: those are not failures of this kind.
 */
public abstract class EmbeddingException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  EmbeddingException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
