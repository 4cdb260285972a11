package io.github.neuronembed.engine;

import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.model.PoolingStrategy;

/**
 * Reads a text's vector out of a slot's output: pooled here unless the graph did it, and scaled in
 * any case, since a graph that pools need not scale, and a unit vector stays one. Thread-safe.
 *
 * @param pooling how token vectors become the text's vector
 * @param normalize whether the vector is scaled to length 1 (L2)
 */
public record VectorReader(PoolingStrategy pooling, boolean normalize) {

  /**
   * Reads one row.
   *
   * @param tokens the batch that was executed
   * @param output what came of it
   * @param row the text, 0 to {@code tokens.rows() - 1}
   * @return a new vector of {@code output.hiddenSize()} elements
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public float[] read(TokenBatch tokens, TokenVectors output, int row) {
    int length = tokens.length(row);
    float[] vector = new float[output.hiddenSize()];
    output.copy(row, 0, vector, 0);
    if (!output.isPooled() && pooling == PoolingStrategy.MEAN) {
      average(output, row, length, vector);
    }
    if (normalize) {
      scaleToUnitLength(vector);
    }
    return vector;
  }

  /** Turns the vector of a row's first token into the average of all its tokens. */
  private static void average(TokenVectors output, int row, int length, float[] vector) {
    float[] next = new float[vector.length];
    for (int token = 1; token < length; token++) {
      output.copy(row, token, next, 0);
      for (int i = 0; i < vector.length; i++) {
        vector[i] += next[i];
      }
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
  }

  private static void scaleToUnitLength(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    // The floor is that of torch.nn.functional.normalize: a zero vector stays zero.
    float scale = (float) (1 / Math.max(Math.sqrt(squares), 1e-12));
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= scale;
    }
  }
}
