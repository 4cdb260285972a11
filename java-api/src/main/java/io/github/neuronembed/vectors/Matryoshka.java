package io.github.neuronembed.vectors;

import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The dimensions of a model's vectors: its own, and the shorter ones that it was trained for, so
 * that the first elements alone are a vector too (Matryoshka representation learning,
 * arXiv:2205.13147). Immutable and thread-safe.
 */
public final class Matryoshka {

  private final int dimension;

  /** The shorter ones; null for any. */
  private final @Nullable Set<Integer> shorter;

  private Matryoshka(int dimension, @Nullable Set<Integer> shorter) {
    this.dimension = dimension;
    this.shorter = shorter;
  }

  /**
   * A model that was trained for some dimensions.
   *
   * @param dimension of its vectors
   * @param shorter the shorter ones, none if it was not trained so; its own may be among them
   * @throws IllegalArgumentException if one is not from 1 to {@code dimension}
   */
  public static Matryoshka of(int dimension, Collection<Integer> shorter) {
    Set<Integer> sorted = new TreeSet<>(shorter);
    for (int one : sorted) {
      if (one < 1 || one > dimension) {
        throw new IllegalArgumentException(
            "A vector of %s elements cannot be shortened to %s.".formatted(dimension, one));
      }
    }
    sorted.remove(dimension);
    return new Matryoshka(dimension, Collections.unmodifiableSet(sorted));
  }

  /** A model that was trained so that any shorter dimension works. */
  public static Matryoshka any(int dimension) {
    return new Matryoshka(dimension, null);
  }

  /** Elements of the model's own vectors. */
  public int dimension() {
    return dimension;
  }

  /** Whether vectors may have so many elements. */
  public boolean allows(int dimensions) {
    return dimensions == dimension
        || (dimensions > 0
            && dimensions < dimension
            && (shorter == null || shorter.contains(dimensions)));
  }

  /**
   * Checks how many elements vectors are to have.
   *
   * @param dimensions asked for
   * @param model its name, for the message
   * @throws IllegalArgumentException if it is not possible; the message names the possible numbers
   */
  public void require(int dimensions, String model) {
    if (allows(dimensions)) {
      return;
    }
    if (dimensions > dimension || dimensions < 1) {
      throw new IllegalArgumentException(
          "%s gives vectors of %s dimensions, but %s were requested: request %s."
              .formatted(model, dimension, dimensions, choice()));
    }
    if (shorter == null || !shorter.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was trained for vectors of %s dimensions, not of %s: request one of these."
              .formatted(model, choice(), dimensions));
    }
    throw new IllegalArgumentException(
        "%s gives vectors of %s dimensions, and its configuration does not say that it was trained for shorter ones: leave the dimensions out. Where the model's card lists some, state them in neuron-embed.json (\"matryoshkaDimensions\": [256, 128])."
            .formatted(model, dimension));
  }

  private String choice() {
    if (shorter == null) {
      return "1 to " + dimension;
    }
    StringBuilder all = new StringBuilder();
    shorter.forEach(one -> all.append(one).append(", "));
    return all.append(dimension).toString();
  }

  /**
   * The first elements of a vector.
   *
   * @param vector only read
   * @param dimensions at most {@code vector.length}
   * @param normalize whether the result is scaled to length 1 (L2), as the vector was
   * @return a new array
   * @throws IndexOutOfBoundsException if the vector has fewer elements
   */
  public static float[] shorten(float[] vector, int dimensions, boolean normalize) {
    double squares = 0;
    for (int i = 0; i < dimensions; i++) {
      squares += (double) vector[i] * vector[i];
    }
    // The floor is that of torch.nn.functional.normalize: a zero vector stays zero.
    double length = normalize ? Math.max(Math.sqrt(squares), 1e-12) : 1;
    float[] shorter = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      shorter[i] = (float) (vector[i] / length);
    }
    return shorter;
  }
}
