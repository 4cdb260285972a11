package io.github.neuronembed.vectors;

/** IEEE 754 binary16. The JDK converts since version 20, and this library runs on 17. */
public final class Float16 {

  /** The smallest magnitude that rounds past the largest finite value, 65504: halfway to 65536. */
  private static final float TOO_LARGE = 65520f;

  /** 2^-14: below it a binary16 has steps of 2^-24. */
  private static final float LEAST_NORMAL = 0x1p-14f;

  private Float16() {}

  /**
   * The nearest binary16, ties to even.
   *
   * @return its bits
   * @throws IllegalArgumentException if the value is NaN, or its nearest binary16 is infinite
   */
  public static short of(float value) {
    float magnitude = Math.abs(value);
    if (!(magnitude < TOO_LARGE)) {
      throw new IllegalArgumentException(
          ("A vector has the element %s, but the maximum of float16 is 65504: use" + " float32.")
              .formatted(value));
    }
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    int bits;
    if (magnitude < LEAST_NORMAL) {
      // Exact, and Math.rint rounds ties to even. 1024 steps are the bits of the least normal one.
      bits = (int) Math.rint(magnitude * 0x1p24f);
    } else {
      int wide = Float.floatToRawIntBits(magnitude);
      // Half a step, less one where the kept part is even. A carry goes into the exponent.
      int rounded = wide + 0xFFF + ((wide >>> 13) & 1);
      bits = (rounded >>> 13) - ((127 - 15) << 10);
    }
    return (short) (sign | bits);
  }

  /** The value of a binary16's bits, exactly. */
  public static float toFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1F;
    int fraction = bits & 0x3FF;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(((exponent + 127 - 15) << 23) | (fraction << 13));
        };
    return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | sign);
  }
}
