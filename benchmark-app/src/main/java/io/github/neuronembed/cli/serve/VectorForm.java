package io.github.neuronembed.cli.serve;

import io.github.neuronembed.vectors.Matryoshka;
import java.util.List;

/**
 * The length of the vectors of an answer.
 *
 * @param whole elements of the model's own vectors
 * @param dimension elements of the answer's vectors, at most as many
 * @param normalize whether a shortened vector is scaled to length 1 again, as the model's are
 */
record VectorForm(int whole, int dimension, boolean normalize) {

  /** The vectors in this form. */
  List<float[]> of(List<float[]> vectors) {
    return isShorter()
        ? vectors.stream().map(vector -> Matryoshka.shorten(vector, dimension, normalize)).toList()
        : vectors;
  }

  /** The most bytes that this many vectors take at a time, as floats: both forms together. */
  long bytes(int vectors) {
    return (long) vectors * (whole + (isShorter() ? dimension : 0)) * Float.BYTES;
  }

  private boolean isShorter() {
    return dimension < whole;
  }
}
