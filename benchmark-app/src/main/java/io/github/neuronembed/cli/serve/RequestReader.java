package io.github.neuronembed.cli.serve;

/** Reads the body of a request. */
interface RequestReader {

  /**
   * Reads it.
   *
   * @throws HttpError if it makes no sense
   */
  Call read(RequestBody body);
}
