package io.github.neuronembed.vectors;

/**
 * The type of a stored vector's elements. Names and rules are those of {@code quantize_embeddings}
 * of sentence-transformers (5.7, with the changes of its pull requests 3825 and 3847), and NumPy's
 * {@code float16}.
 */
public enum VectorType {
  /** 32-bit floats, as the model gives them. */
  FLOAT32("<f4", Float.BYTES),

  /** IEEE 754 binary16, rounded to the nearest, ties to even. */
  FLOAT16("<f2", Short.BYTES),

  /** One signed byte per element, its position in the element's range, see {@link Int8Ranges}. */
  INT8("|i1", 1),

  /**
   * One bit per element, 1 if it is above zero, eight per byte, the first in the highest bit,
   * missing ones 0; the byte minus 128, as a signed byte.
   */
  BINARY("|i1", 1),

  /** The bits of {@link #BINARY} as an unsigned byte. */
  UBINARY("|u1", 1);

  private final String numpyName;
  private final int bytes;

  VectorType(String numpyName, int bytes) {
    this.numpyName = numpyName;
    this.bytes = bytes;
  }

  /** The type in the header of a NumPy file, for example {@code <f4}. */
  public String numpyName() {
    return numpyName;
  }

  /** Whether eight elements are in a byte. */
  public boolean isPacked() {
    return this == BINARY || this == UBINARY;
  }

  /**
   * The numbers that a stored vector has.
   *
   * @param dimension elements of the vector
   * @return as many, or one for each eight of them if this type is packed
   */
  public int numbers(int dimension) {
    return isPacked() ? (dimension + Byte.SIZE - 1) / Byte.SIZE : dimension;
  }

  /** The bytes that a stored vector of so many elements has. */
  public int bytes(int dimension) {
    return numbers(dimension) * bytes;
  }
}
