package io.github.neuronembed.cli.pull;

import java.io.IOException;

/** A pull cannot go on; the message says what, where and what to do, in a sentence. */
class HubException extends IOException {

  private static final long serialVersionUID = 1L;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
