package io.github.neuronembed.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of an ONNX file with one output only, for programs that read the first one. All other
 * bytes stay the same.
 */
public final class SingleOutputCopy {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final int GRAPH = 7 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  private static final int OUTPUT = 12 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private SingleOutputCopy() {}

  /** A range of the file's bytes: from the first up to the one before the end. */
  private record Range(long from, long to) {}

  /** The position of the graph in a file, and the parts of it that are left out. */
  private record Graph(long lengthAt, long from, long to, List<Range> dropped) {}

  /**
   * Writes the copy.
   *
   * @param original a complete ONNX file of less than 2 GiB
   * @param output the name of the one output that is kept
   * @param target the file to write or replace
   * @throws IOException if reading or writing fails
   */
  public static void write(Path original, String output, Path target) throws IOException {
    Graph graph = graph(original, output);
    long dropped = graph.dropped.stream().mapToLong(range -> range.to - range.from).sum();
    try (InputStream in = Files.newInputStream(original);
        OutputStream out = Files.newOutputStream(target)) {
      copy(in, out, graph.lengthAt);
      CodedOutputStream length = CodedOutputStream.newInstance(out);
      length.writeUInt64NoTag(graph.to - graph.from - dropped);
      length.flush();
      in.skipNBytes(graph.from - graph.lengthAt);
      long at = graph.from;
      for (Range range : graph.dropped) {
        copy(in, out, range.from - at);
        in.skipNBytes(range.to - range.from);
        at = range.to;
      }
      in.transferTo(out);
    }
  }

  private static void copy(InputStream in, OutputStream out, long bytes) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (long left = bytes; left > 0; ) {
      int read = in.readNBytes(buffer, 0, (int) Math.min(left, buffer.length));
      if (read == 0) {
        throw new IOException("The file became shorter while it was read.");
      }
      out.write(buffer, 0, read);
      left -= read;
    }
  }

  private static Graph graph(Path file, String output) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream, BUFFER_BYTES);
      in.setSizeLimit(Integer.MAX_VALUE);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag != GRAPH) {
          in.skipField(tag);
          continue;
        }
        long lengthAt = in.getTotalBytesRead();
        int length = in.readRawVarint32();
        long from = in.getTotalBytesRead();
        List<Range> dropped = new ArrayList<>();
        int outer = in.pushLimit(length);
        while (!in.isAtEnd()) {
          long start = in.getTotalBytesRead();
          int field = in.readTag();
          if (field == OUTPUT) {
            if (!ValueInfoProto.parseFrom(in.readByteArray()).getName().equals(output)) {
              dropped.add(new Range(start, in.getTotalBytesRead()));
            }
          } else {
            in.skipField(field);
          }
        }
        in.popLimit(outer);
        return new Graph(lengthAt, from, from + length, dropped);
      }
    }
    throw new IOException("%s holds no graph.".formatted(file));
  }
}
