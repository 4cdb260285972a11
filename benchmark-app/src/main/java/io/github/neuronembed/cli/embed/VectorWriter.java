package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TokenizedText;
import java.io.Closeable;
import java.io.IOException;

/** Writes vectors, whole ones only, in the order they come. */
interface VectorWriter extends Closeable {

  /**
   * Writes one vector.
   *
   * @param id what its text is named by
   * @param tokens of its text
   */
  void write(JsonPrimitive id, TokenizedText tokens, float[] vector) throws IOException;

  /** Flushes the buffer between two vectors. */
  void flush() throws IOException;
}
