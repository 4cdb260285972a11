package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.vectors.NpyHeader;
import io.github.neuronembed.vectors.VectorEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * NumPy's array file {@code [rows, numbers of a vector]} of the encoder's type. The number of rows
 * is known at the end, so the header is written again then; it keeps its length.
 */
final class NpyWriter implements VectorWriter {

  private final FileChannel file;
  private final OutputStream out;
  private final VectorEncoder encoder;
  private final int dimension;
  private long rows;

  /**
   * @param file an empty file, open for writing; owned by the writer
   * @param out writes to it, buffered
   */
  NpyWriter(FileChannel file, OutputStream out, VectorEncoder encoder, int dimension)
      throws IOException {
    this.file = file;
    this.dimension = dimension;
    this.out = out;
    this.encoder = encoder;
    out.write(header());
  }

  private byte[] header() {
    int numbers = encoder.type().numbers(dimension);
    return new NpyHeader(encoder.type().numpyName(), rows, numbers).toBytes();
  }

  @Override
  public void write(JsonPrimitive id, TokenizedText tokens, float[] vector) throws IOException {
    out.write(encoder.encode(vector));
    rows++;
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    try (file) {
      out.flush();
      file.position(0);
      ByteBuffer header = ByteBuffer.wrap(header());
      while (header.hasRemaining()) {
        file.write(header);
      }
    }
  }
}
