package io.github.neuronembed;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.vectors.Matryoshka;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The length of an embedder's vectors: the model's own, or a shorter one that it was trained for.
 *
 * @param dimension number of elements
 * @param shorter whether the model's own vectors have more
 * @param normalize whether a shortened vector has length 1 again
 */
record VectorLength(int dimension, boolean shorter, boolean normalize) {

  static VectorLength of(ModelDirectory model, int dimension) {
    return new VectorLength(dimension, dimension < model.dimension(), model.normalize());
  }

  /** The vector itself if it is not longer, else a new one. */
  float[] apply(float[] vector) {
    return shorter ? Matryoshka.shorten(vector, dimension, normalize) : vector;
  }

  List<float[]> apply(List<float[]> vectors) {
    return shorter ? vectors.stream().map(this::apply).toList() : vectors;
  }

  /** See {@link ResultFuture}. */
  CompletableFuture<float[]> later(CompletableFuture<float[]> vector) {
    return shorter ? ResultFuture.of(vector, this::apply) : vector;
  }

  /** See {@link ResultFuture}. */
  CompletableFuture<List<float[]>> allLater(CompletableFuture<List<float[]>> vectors) {
    return shorter ? ResultFuture.of(vectors, this::apply) : vectors;
  }
}
