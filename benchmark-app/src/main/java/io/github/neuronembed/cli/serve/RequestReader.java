package io.github.neuronembed.cli.serve;

/** Reads the body of a request. */
interface RequestReader {

  /**
   * Reads it.
   *
   * @throws HttpError if it is not a valid request
   */
  Call read(RequestBody body);
}
