package io.github.neuronembed.vectors;

import java.util.Collection;

/**
 * The range of each element over a collection of vectors, which {@link VectorType#INT8} divides
 * into 255 steps: an element x becomes floor((x - lowest) / step) - 128, and -128 or 127 beyond the
 * range (sentence-transformers 5.7, {@code quantize_embeddings}; all arithmetic in float32). An
 * element whose range is empty has a step of 1.
 *
 * <p>Vectors are comparable only if they were made with the same ranges. Compute the ranges once,
 * from a sample of some thousand texts, and keep them with the vectors ({@link RangesFile}).
 * Immutable and thread-safe.
 */
public final class Int8Ranges {

  private static final int STEPS = 255;

  private final float[] lowest;
  private final float[] highest;
  private final float[] steps;

  private Int8Ranges(float[] lowest, float[] highest) {
    this.lowest = lowest;
    this.highest = highest;
    this.steps = new float[lowest.length];
    for (int i = 0; i < steps.length; i++) {
      float step = (highest[i] - lowest[i]) / STEPS;
      if (!(lowest[i] <= highest[i]) || !Float.isFinite(step)) {
        throw new IllegalArgumentException(
            "The range of element %s is %s to %s: give finite numbers, the lower one first."
                .formatted(i, lowest[i], highest[i]));
      }
      steps[i] = step == 0 ? 1 : step;
    }
  }

  /**
   * Given ranges.
   *
   * @param lowest of each element; copied
   * @param highest of each element, as many; copied
   * @throws IllegalArgumentException if they are not as many, or not finite ranges
   */
  public static Int8Ranges of(float[] lowest, float[] highest) {
    if (lowest.length != highest.length || lowest.length == 0) {
      throw new IllegalArgumentException(
          "Ranges need as many highest numbers as lowest ones, and at least one, not %s and %s."
              .formatted(highest.length, lowest.length));
    }
    return new Int8Ranges(lowest.clone(), highest.clone());
  }

  /**
   * The ranges of some vectors.
   *
   * @param vectors at least one, all of one dimension
   * @throws IllegalArgumentException if there is none, or one has another dimension or an element
   *     that is not finite
   */
  public static Int8Ranges of(Collection<float[]> vectors) {
    Calibration calibration = new Calibration();
    vectors.forEach(calibration::add);
    return calibration.ranges();
  }

  /** Computes the ranges of a sequence of vectors. Not thread-safe. */
  public static final class Calibration {

    private float[] lowest = {};
    private float[] highest = {};

    /**
     * Widens the ranges by a vector.
     *
     * @throws IllegalArgumentException if it has another dimension than the first one, none, or an
     *     element that is not finite
     */
    public void add(float[] vector) {
      requireFinite(vector);
      if (lowest.length == 0) {
        lowest = vector.clone();
        highest = vector.clone();
      }
      requireDimension(lowest.length, vector);
      for (int i = 0; i < vector.length; i++) {
        lowest[i] = Math.min(lowest[i], vector[i]);
        highest[i] = Math.max(highest[i], vector[i]);
      }
    }

    /** Whether there was no vector yet. */
    public boolean isEmpty() {
      return lowest.length == 0;
    }

    /**
     * The ranges of the vectors so far.
     *
     * @throws IllegalArgumentException if there was none
     */
    public Int8Ranges ranges() {
      return of(lowest, highest);
    }
  }

  /** Elements of the vectors that these ranges are for. */
  public int dimension() {
    return lowest.length;
  }

  /** The lowest number of each element; a new array. */
  public float[] lowest() {
    return lowest.clone();
  }

  /** The highest number of each element; a new array. */
  public float[] highest() {
    return highest.clone();
  }

  /** Writes a vector, a byte an element. */
  void encode(float[] vector, byte[] destination) {
    requireDimension(lowest.length, vector);
    for (int i = 0; i < vector.length; i++) {
      double place = Math.floor((vector[i] - lowest[i]) / steps[i]);
      destination[i] = (byte) (Math.max(0, Math.min(STEPS, place)) - 128);
    }
  }

  static void requireFinite(float[] vector) {
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalArgumentException(
            "Element %s of a vector is %s, not a finite number.".formatted(i, vector[i]));
      }
    }
  }

  private static void requireDimension(int dimension, float[] vector) {
    if (vector.length != dimension) {
      throw new IllegalArgumentException(
          ("A vector has %s elements, but the int8 ranges are for %s: compute ranges"
                  + " from vectors of the same model and dimension.")
              .formatted(vector.length, dimension));
    }
  }
}
