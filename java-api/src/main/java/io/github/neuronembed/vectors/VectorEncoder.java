package io.github.neuronembed.vectors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Turns vectors into the bytes of one {@link VectorType}. Immutable and thread-safe. */
public final class VectorEncoder {

  private final VectorType type;
  private final @Nullable Int8Ranges ranges;

  private VectorEncoder(VectorType type, @Nullable Int8Ranges ranges) {
    this.type = type;
    this.ranges = ranges;
  }

  /**
   * An encoder of any type but {@link VectorType#INT8}, which needs ranges.
   *
   * @throws IllegalArgumentException if it is that type
   */
  public static VectorEncoder of(VectorType type) {
    if (type == VectorType.INT8) {
      throw new IllegalArgumentException(
          "int8 vectors need the ranges of their elements: compute them from a sample"
              + " of the vectors.");
    }
    return new VectorEncoder(type, null);
  }

  /** An encoder of {@link VectorType#INT8}. */
  public static VectorEncoder int8(Int8Ranges ranges) {
    return new VectorEncoder(VectorType.INT8, ranges);
  }

  /** The type of its results. */
  public VectorType type() {
    return type;
  }

  /**
   * Encodes a vector.
   *
   * @param vector only read
   * @return a new array of {@link VectorType#bytes} bytes, numbers of several bytes little-endian
   * @throws IllegalArgumentException if an element is not finite, or too large for float16, or the
   *     vector has another dimension than the ranges
   */
  public byte[] encode(float[] vector) {
    Int8Ranges.requireFinite(vector);
    byte[] bytes = new byte[type.bytes(vector.length)];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (type) {
      case FLOAT32 -> buffer.asFloatBuffer().put(vector);
      case FLOAT16 -> {
        for (float x : vector) {
          buffer.putShort(Float16.of(x));
        }
      }
      case INT8 -> {
        if (ranges != null) {
          ranges.encode(vector, bytes);
        }
      }
      case BINARY -> pack(vector, bytes, Byte.MIN_VALUE);
      case UBINARY -> pack(vector, bytes, (byte) 0);
    }
    return bytes;
  }

  /**
   * Packs the signs.
   *
   * @param flipped each byte is combined with this by exclusive or; its highest bit subtracts 128
   */
  private static void pack(float[] vector, byte[] bytes, byte flipped) {
    for (int i = 0; i < vector.length; i++) {
      if (vector[i] > 0) {
        bytes[i / Byte.SIZE] |= (byte) (0x80 >>> (i % Byte.SIZE));
      }
    }
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= flipped;
    }
  }
}
