package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import java.io.Closeable;
import java.io.IOException;

/** Writes vectors, whole ones only, in the order they come. */
interface VectorWriter extends Closeable {

  /** Writes one vector. */
  void write(JsonPrimitive id, float[] vector) throws IOException;

  /** Hands on what is buffered, between two vectors. */
  void flush() throws IOException;
}
