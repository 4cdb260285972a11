package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * NumPy's array file, version 1.0: little-endian float32 {@code [rows, dimension]}. The number of
 * rows is known at the end, so the header is written again then; it keeps its length.
 */
final class NpyWriter implements VectorWriter {

  private static final int HEADER_BYTES = 128;
  private static final int PREFIX_BYTES = 10;

  private final FileChannel file;
  private final OutputStream out;
  private final ByteBuffer row;
  private final int dimension;
  private long rows;

  /**
   * @param file an empty file, open for writing; owned by the writer
   * @param out writes to it, buffered
   */
  NpyWriter(FileChannel file, OutputStream out, int dimension) throws IOException {
    this.file = file;
    this.dimension = dimension;
    this.out = out;
    this.row = ByteBuffer.allocate(dimension * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(header(0, dimension));
  }

  private static byte[] header(long rows, int dimension) {
    String dictionary =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%s, %s), }".formatted(rows, dimension);
    String padded = "%-" + (HEADER_BYTES - PREFIX_BYTES - 1) + "s\n";
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    header.put((byte) 1).put((byte) 0).putShort((short) (HEADER_BYTES - PREFIX_BYTES));
    header.put(padded.formatted(dictionary).getBytes(StandardCharsets.US_ASCII));
    return header.array();
  }

  @Override
  public void write(JsonPrimitive id, float[] vector) throws IOException {
    row.clear();
    row.asFloatBuffer().put(vector);
    out.write(row.array());
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
      ByteBuffer header = ByteBuffer.wrap(header(rows, dimension));
      while (header.hasRemaining()) {
        file.write(header);
      }
    }
  }
}
