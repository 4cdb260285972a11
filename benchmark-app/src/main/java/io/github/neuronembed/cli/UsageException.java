package io.github.neuronembed.cli;

/** The arguments do not make sense; the message says which and why, in a sentence. */
public final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
