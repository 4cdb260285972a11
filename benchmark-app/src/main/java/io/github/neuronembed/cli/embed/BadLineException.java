package io.github.neuronembed.cli.embed;

/** A line of the input is not a text; the message says which line and why, without quoting it. */
final class BadLineException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  BadLineException(String message) {
    super(message);
  }
}
