package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * A backend cannot be used on this machine: its library or its device is absent, or other processes
 * hold its cores. The message lists what was tried. Another backend may work.
 */
public final class BackendUnavailableException extends EmbeddingException {

  private static final long serialVersionUID = 1L;

  public BackendUnavailableException(String message) {
    super(message, null);
  }

  public BackendUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
