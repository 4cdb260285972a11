package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * The model returned a non-finite value for this text, even when the text was executed alone. The
 * same text fails again: the cause is the model or its weights.
 */
public class NotFiniteException extends InferenceException {

  private static final long serialVersionUID = 1L;

  public NotFiniteException(String message, @Nullable Throwable cause) {
    super(message, false, cause);
  }
}
