package io.github.neuronembed.vectors;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@link Int8Ranges} as a NumPy file of float32 {@code [2, dimension]}, the lowest numbers and then
 * the highest: what {@code quantize_embeddings} of sentence-transformers takes as {@code ranges},
 * so that vectors of both can be in one index.
 */
public final class RangesFile {

  private static final int MOST_COLUMNS = 1 << 20;

  private RangesFile() {}

  /** The file's bytes. */
  public static byte[] toBytes(Int8Ranges ranges) {
    int columns = ranges.dimension();
    ByteBuffer file =
        ByteBuffer.allocate(NpyHeader.BYTES + 2 * columns * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    file.put(new NpyHeader(VectorType.FLOAT32.numpyName(), 2, columns).toBytes());
    file.slice()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(ranges.lowest())
        .put(ranges.highest());
    return file.array();
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, or is not such a file; the message names it
   */
  public static Int8Ranges read(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      NpyHeader header = NpyHeader.read(in);
      if (!header.type().equals(VectorType.FLOAT32.numpyName())
          || header.rows() != 2
          || header.columns() < 1
          || header.columns() > MOST_COLUMNS) {
        throw new IOException(
            "it holds %s [%s, %s]".formatted(header.type(), header.rows(), header.columns()));
      }
      byte[] data = in.readNBytes(2 * header.columns() * Float.BYTES + 1);
      if (data.length != 2 * header.columns() * Float.BYTES) {
        throw new IOException("its length differs from its header");
      }
      FloatBuffer numbers = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      float[] lowest = new float[header.columns()];
      float[] highest = new float[header.columns()];
      numbers.get(lowest).get(highest);
      return Int8Ranges.of(lowest, highest);
    } catch (java.nio.file.FileSystemException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          "%s is not a file of int8 ranges, a NumPy array of float32 [2, dimension]: %s."
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
