package io.github.neuronembed.cli.pull;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Gives an ONNX graph one more initializer, unused, whose elements lie in a file beside it. */
final class ExternalWeights {

  private static final int LENGTH_DELIMITED = 2;
  private static final int FLOATS = 4;

  private ExternalWeights() {}

  /** The elements that the file beside the graph holds. */
  static byte[] elements() {
    return ByteBuffer.allocate(FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).array();
  }

  /**
   * The graph with that initializer. Protobuf merges the messages of a field that comes twice, so
   * the rest of the file stays as it is (numbers of fields as in onnx.proto of ONNX 1.17).
   */
  static byte[] of(byte[] model, String location) throws IOException {
    ByteArrayOutputStream tensor = new ByteArrayOutputStream();
    tensor.writeBytes(new byte[] {1 << 3, FLOATS, 2 << 3, 1});
    field(tensor, 8, "unused".getBytes(StandardCharsets.UTF_8));
    field(tensor, 13, entry("location", location));
    tensor.writeBytes(new byte[] {14 << 3, 1});
    ByteArrayOutputStream graph = new ByteArrayOutputStream();
    field(graph, 5, tensor.toByteArray());
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(model);
    field(whole, 7, graph.toByteArray());
    return whole.toByteArray();
  }

  private static byte[] entry(String key, String value) {
    ByteArrayOutputStream entry = new ByteArrayOutputStream();
    field(entry, 1, key.getBytes(StandardCharsets.UTF_8));
    field(entry, 2, value.getBytes(StandardCharsets.UTF_8));
    return entry.toByteArray();
  }

  private static void field(ByteArrayOutputStream out, int number, byte[] content) {
    out.write(number << 3 | LENGTH_DELIMITED);
    // One byte says lengths below 128.
    out.write(content.length);
    out.writeBytes(content);
  }
}
