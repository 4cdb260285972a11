package io.github.neuronembed.cli;

import java.util.List;

/** How near vectors are to each other, in double precision. */
public final class Vectors {

  private Vectors() {}

  /** Cosine of the angle between two vectors of one length; NaN if a number is, or one is zero. */
  public static double cosine(float[] a, float[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
    }
    return dot / (length(a) * length(b));
  }

  /**
   * The lowest cosine of pairs of vectors.
   *
   * @param some at least one vector
   * @param others as many vectors
   * @return -1 if a pair has no cosine, which no other may hide
   */
  public static double leastCosine(List<float[]> some, List<float[]> others) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < some.size(); i++) {
      double cosine = cosine(some.get(i), others.get(i));
      least = Double.isNaN(cosine) ? -1 : Math.min(least, cosine);
    }
    return least;
  }

  /** The Euclidean norm. */
  public static double length(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    return Math.sqrt(squares);
  }
}
