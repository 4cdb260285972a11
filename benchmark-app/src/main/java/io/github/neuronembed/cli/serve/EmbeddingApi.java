package io.github.neuronembed.cli.serve;

import java.nio.ByteBuffer;

/** The words of an HTTP API: how it asks for vectors, gets them, and is told of errors. */
interface EmbeddingApi {

  /**
   * Reads a request.
   *
   * @param body read to its end
   * @throws HttpError if it makes no sense
   */
  EmbeddingCall read(ByteBuffer body);

  /** The body of an error, in JSON. */
  String error(HttpError error);
}
