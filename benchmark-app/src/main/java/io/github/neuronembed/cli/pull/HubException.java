package io.github.neuronembed.cli.pull;

import java.io.IOException;

/** A pull cannot continue; the message says what, where and what to do, in one sentence. */
class HubException extends IOException {

  private static final long serialVersionUID = 1L;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
