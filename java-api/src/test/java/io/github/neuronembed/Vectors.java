package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

/** How near vectors are to each other, in double precision. */
public final class Vectors {

  private Vectors() {}

  /** The length of a vector. */
  public static double norm(float[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  /** The cosine of the angle between two vectors of one dimension. */
  public static double cosine(float[] a, float[] b) {
    return dot(a, b) / (norm(a) * norm(b));
  }

  /** The dot product of two vectors of one dimension; vectors of length 1 have their cosine. */
  public static double dot(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
