package io.github.neuronembed.cli;

/** The arguments are invalid; the message says which one and why, in one sentence. */
public final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
