package io.github.neuronembed.backend;

/** Type of an element of a model's input or output. */
public enum ElementType {
  INT32(4),
  INT64(8),
  FLOAT32(4),
  /** The upper half of a float32. */
  BFLOAT16(2);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element. */
  public int bytes() {
    return bytes;
  }
}
