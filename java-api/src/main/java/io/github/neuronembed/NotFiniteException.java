package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * The model gave a value that is no finite number for this text, also when the text was executed
 * alone. The same text does so again: the model or its weights are at fault.
 */
public class NotFiniteException extends InferenceException {

  private static final long serialVersionUID = 1L;

  public NotFiniteException(String message, @Nullable Throwable cause) {
    super(message, false, cause);
  }
}
