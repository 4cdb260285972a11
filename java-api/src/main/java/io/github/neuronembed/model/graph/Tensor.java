package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A constant of a model that was read from a file.
 *
 * @param name its name in the graph
 * @param type its element type
 * @param dims its dimensions
 * @param bytes its elements, little-endian and row-major; they fill the buffer, which is read-only
 */
record Tensor(String name, TensorProto.DataType type, List<Long> dims, ByteBuffer bytes) {

  /**
   * Creates a constant from its entry in the file.
   *
   * @param rawData its elements if they stay in the mapped file; null if the proto holds them
   * @throws UnsupportedGraphException if its elements are in another file, its type is unknown, or
   *     the number of bytes does not match its dimensions
   */
  static Tensor of(String name, TensorProto proto, @Nullable ByteBuffer rawData)
      throws UnsupportedGraphException {
    TensorProto.DataType type = TensorProto.DataType.forNumber(proto.getDataType());
    if (type == null || type == TensorProto.DataType.UNDEFINED) {
      throw new UnsupportedGraphException(
          "Constant %s has the element type %s.".formatted(name, proto.getDataType()));
    }
    if (proto.getDataLocation() != TensorProto.DataLocation.DEFAULT) {
      throw new UnsupportedGraphException("Constant %s is kept in another file.".formatted(name));
    }
    Tensor tensor =
        new Tensor(
            name,
            type,
            List.copyOf(proto.getDimsList()),
            rawData != null ? rawData : elementBytes(type, proto));
    long expected = Weight.elementBytes(type);
    for (long dim : tensor.dims) {
      if (dim < 0 || (dim > 0 && expected > Integer.MAX_VALUE / dim)) {
        throw new UnsupportedGraphException(
            "Constant %s has the dimensions %s.".formatted(name, tensor.dims));
      }
      expected *= dim;
    }
    if (tensor.bytes.capacity() != expected) {
      throw new UnsupportedGraphException(
          "Constant %s, %s %s, has %s bytes instead of %s."
              .formatted(name, type, tensor.dims, tensor.bytes.capacity(), expected));
    }
    return tensor;
  }

  /** Creates a constant of int64 values. */
  static Tensor of(String name, List<Long> dims, long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return new Tensor(name, TensorProto.DataType.INT64, dims, bytes);
  }

  /** Creates a float32 constant of rank 0. */
  static Tensor of(String name, float value) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return new Tensor(name, TensorProto.DataType.FLOAT, List.of(), bytes.putFloat(0, value));
  }

  static List<Long> list(long... values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static ByteBuffer elementBytes(TensorProto.DataType type, TensorProto proto) {
    if (proto.hasRawData()) {
      return ByteBuffer.wrap(proto.getRawData().toByteArray());
    }
    int elementBytes = Weight.elementBytes(type);
    int count =
        switch (type) {
          case FLOAT -> proto.getFloatDataCount();
          case INT64 -> proto.getInt64DataCount();
          case INT32, INT8, UINT8, BOOL -> proto.getInt32DataCount();
          default -> 0;
        };
    ByteBuffer bytes = ByteBuffer.allocate(count * elementBytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      switch (type) {
        case FLOAT -> bytes.putFloat(proto.getFloatData(i));
        case INT64 -> bytes.putLong(proto.getInt64Data(i));
        case INT32 -> bytes.putInt(proto.getInt32Data(i));
        default -> bytes.put((byte) proto.getInt32Data(i));
      }
    }
    return bytes.flip();
  }

  /** Returns a copy of this matrix with its axes swapped, under another name. */
  Tensor transposed() {
    int rows = Math.toIntExact(dims.get(0));
    int columns = Math.toIntExact(dims.get(1));
    int size = Weight.elementBytes(type);
    ByteBuffer moved = ByteBuffer.allocate(bytes.capacity()).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        moved.put((column * rows + row) * size, bytes, (row * columns + column) * size, size);
      }
    }
    return new Tensor(name + ".transposed", type, List.of(dims.get(1), dims.get(0)), moved);
  }

  long elements() {
    return dims.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
  }

  int rank() {
    return dims.size();
  }

  boolean isFloat(long... expectedDims) {
    return type == TensorProto.DataType.FLOAT && hasDims(expectedDims);
  }

  boolean hasDims(long... expected) {
    return Arrays.stream(expected).boxed().toList().equals(dims);
  }

  /** The integers of an int64 or int32 tensor; empty for any other type. */
  long[] longs() {
    if (type == TensorProto.DataType.INT32) {
      int[] values = new int[bytes.capacity() / Integer.BYTES];
      bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
      return Arrays.stream(values).asLongStream().toArray();
    }
    if (type != TensorProto.DataType.INT64) {
      return new long[0];
    }
    long[] values = new long[bytes.capacity() / Long.BYTES];
    bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(values);
    return values;
  }

  /** The value of a float32 tensor of one element; NaN for any other tensor. */
  float scalar() {
    if (type != TensorProto.DataType.FLOAT || bytes.capacity() != Float.BYTES) {
      return Float.NaN;
    }
    return bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN).getFloat();
  }

  /**
   * Converts int8 to uint8 by adding 128 to each number. The products stay the same if the zero
   * point is converted, too. Returns a tensor of any other type unchanged.
   */
  Tensor asUint8() {
    if (type != TensorProto.DataType.INT8) {
      return this;
    }
    ByteBuffer moved = ByteBuffer.allocate(bytes.capacity());
    for (int i = 0; i < bytes.capacity(); i++) {
      moved.put(i, (byte) (bytes.get(i) ^ 0x80));
    }
    return new Tensor(name, TensorProto.DataType.UINT8, dims, moved);
  }

  /** This constant as an initializer of the same name in a model to write. */
  Weight asWeight() {
    return Weight.of(name, type, dims, List.of(bytes));
  }

  @Override
  public String toString() {
    return "%s %s%s".formatted(name, type, dims);
  }
}
