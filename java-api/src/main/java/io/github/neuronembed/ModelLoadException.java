package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * A model cannot be served: its directory is incomplete, a file is corrupt or does not fit the
 * others, a NEFF is not for this hardware or runtime version, or there is no memory or core for it.
 * The message names the file. Change the deployment; a retry does not help.
 */
public final class ModelLoadException extends EmbeddingException {

  private static final long serialVersionUID = 1L;

  public ModelLoadException(String message) {
    super(message, null);
  }

  public ModelLoadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
