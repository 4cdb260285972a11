package io.github.neuronembed.cli.serve;

import io.github.neuronembed.vectors.VectorEncoder;
import io.github.neuronembed.vectors.VectorType;

/**
 * How a vector is written: as a list of numbers, or as a string of its bytes in base64. The names
 * of the types, and the numbers that a list contains for each type, are those of Voyage's and
 * Mistral's APIs (November 2026).
 *
 * @param encoder makes its bytes
 * @param base64 whether these bytes are written, in base64
 */
record VectorFormat(VectorEncoder encoder, boolean base64) {

  /**
   * The type with a name.
   *
   * @param where the field, for the message
   * @throws HttpError if there is no such type
   */
  static VectorType type(String name, String where) {
    return switch (name) {
      case "float" -> VectorType.FLOAT32;
      case "int8" -> VectorType.INT8;
      case "binary" -> VectorType.BINARY;
      case "ubinary" -> VectorType.UBINARY;
      default ->
          throw HttpError.invalid(
              where, "'%s' must be float, int8, binary or ubinary.".formatted(where));
    };
  }

  /** The approximate number of bytes that a vector of this many elements takes in the answer. */
  long bytes(int dimension) {
    VectorType type = encoder.type();
    return base64
        ? JsonOutput.bytesOfBase64(type.bytes(dimension))
        : JsonOutput.bytesOf(type.numbers(dimension));
  }

  /**
   * Writes a vector.
   *
   * @throws IllegalStateException if one of its elements is not a finite number
   */
  void write(float[] vector, JsonOutput out) {
    for (float element : vector) {
      JsonOutput.finite(element);
    }
    VectorType type = encoder.type();
    if (base64) {
      out.base64(encoder.encode(vector));
    } else if (type == VectorType.FLOAT32) {
      out.vector(vector);
    } else {
      byte[] bytes = encoder.encode(vector);
      out.json("[");
      for (int i = 0; i < bytes.length; i++) {
        out.json(i > 0 ? "," : "");
        out.number(type == VectorType.UBINARY ? Byte.toUnsignedInt(bytes[i]) : bytes[i]);
      }
      out.json("]");
    }
  }
}
