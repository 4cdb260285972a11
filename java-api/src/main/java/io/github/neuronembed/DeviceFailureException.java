package io.github.neuronembed;

import org.jspecify.annotations.Nullable;

/**
 * A core is no longer reliable: its results may be wrong and a retry on it is useless. The message
 * has the status name and number, the core, and whether to restart the process or to replace the
 * instance.
 */
public final class DeviceFailureException extends EmbeddingException {

  private static final long serialVersionUID = 1L;

  private final int core;

  /**
   * @param core zero-based index of the core among those this process owns
   */
  public DeviceFailureException(String message, int core, @Nullable Throwable cause) {
    super(message, cause);
    this.core = core;
  }

  /** Zero-based index of the failed core among those this process owns. */
  public int core() {
    return core;
  }
}
