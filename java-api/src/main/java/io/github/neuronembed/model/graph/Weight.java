package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * An initializer of a model to write: its description, and its bytes in parts. The parts may be
 * computed during the write.
 *
 * @param header name, element type and dimensions
 * @param parts the elements, little-endian and row-major; each buffer is written whole. Each write
 *     iterates over them once
 */
record Weight(TensorProto header, Iterable<ByteBuffer> parts) {

  static Weight of(
      String name, TensorProto.DataType type, List<Long> dims, Iterable<ByteBuffer> parts) {
    return new Weight(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .addAllDims(dims)
            .build(),
        parts);
  }

  static Weight ofFloats(String name, List<Long> dims, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return of(name, TensorProto.DataType.FLOAT, dims, List.of(bytes));
  }

  static Weight ofLongs(String name, List<Long> dims, long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return of(name, TensorProto.DataType.INT64, dims, List.of(bytes));
  }

  String name() {
    return header.getName();
  }

  long sizeBytes() {
    long bytes = elementBytes(TensorProto.DataType.forNumber(header.getDataType()));
    for (long dim : header.getDimsList()) {
      bytes = Math.multiplyExact(bytes, dim);
    }
    return bytes;
  }

  static int elementBytes(TensorProto.DataType type) {
    return switch (type) {
      case UINT8, INT8, BOOL -> 1;
      case FLOAT16 -> 2;
      case FLOAT, INT32 -> 4;
      case INT64, DOUBLE -> 8;
      case UNDEFINED -> throw new IllegalArgumentException("A tensor without element type.");
    };
  }
}
