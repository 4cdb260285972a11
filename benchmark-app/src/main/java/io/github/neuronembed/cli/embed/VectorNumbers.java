package io.github.neuronembed.cli.embed;

import io.github.neuronembed.vectors.Float16;
import io.github.neuronembed.vectors.VectorEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The numbers of a stored vector in decimal, for formats of text; they read back as the same. */
final class VectorNumbers {

  private final VectorEncoder encoder;

  VectorNumbers(VectorEncoder encoder) {
    this.encoder = encoder;
  }

  /** Number of stored numbers of a vector with a given number of elements. */
  int count(int dimension) {
    return encoder.type().numbers(dimension);
  }

  /** The numbers of a vector, in their order. */
  String[] of(float[] vector) {
    ByteBuffer bytes = ByteBuffer.wrap(encoder.encode(vector)).order(ByteOrder.LITTLE_ENDIAN);
    String[] numbers = new String[count(vector.length)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          switch (encoder.type()) {
            case FLOAT32 -> Float.toString(bytes.getFloat());
            case FLOAT16 -> Float.toString(Float16.toFloat(bytes.getShort()));
            case INT8, BINARY -> Byte.toString(bytes.get());
            case UBINARY -> Integer.toString(Byte.toUnsignedInt(bytes.get()));
          };
    }
    return numbers;
  }
}
