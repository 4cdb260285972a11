package io.github.neuronembed.engine;

import io.github.neuronembed.backend.TokenBatch;
import io.github.neuronembed.backend.TokenVectors;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;

/**
 * Reads a text's vector out of a slot's output: pooled here unless the graph did it, and normalised
 * in any case, because a graph that pools may not normalise, and a unit vector does not change.
 * Thread-safe.
 *
 * @param pooling how token vectors become the text's vector
 * @param normalize whether the vector is scaled to length 1 (L2)
 */
public record VectorReader(Pooling pooling, boolean normalize) {

  /** A reader that pools in one way. */
  public VectorReader(PoolingStrategy pooling, boolean normalize) {
    this(Pooling.of(pooling), normalize);
  }

  /**
   * Reads one row.
   *
   * @param tokens the batch that was executed
   * @param output its output
   * @param row the text, 0 to {@code tokens.rows() - 1}
   * @return a new vector of {@code output.hiddenSize()} elements, or, if it is pooled here, of that
   *     number times the number of strategies
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public float[] read(TokenBatch tokens, TokenVectors output, int row) {
    int length = tokens.length(row);
    int width = output.hiddenSize();
    float[] vector;
    if (output.isPooled()) {
      vector = new float[width];
      output.copy(row, 0, vector, 0);
    } else {
      vector = new float[width * pooling.strategies().size()];
      for (int i = 0; i < pooling.strategies().size(); i++) {
        pool(pooling.strategies().get(i), output, row, length, vector, i * width);
      }
    }
    if (normalize) {
      scaleToUnitLength(vector);
    }
    return vector;
  }

  /** Pools the first {@code length} tokens of a row into a part of a vector. */
  private static void pool(
      PoolingStrategy strategy, TokenVectors output, int row, int length, float[] vector, int at) {
    switch (strategy) {
      case CLS -> output.copy(row, 0, vector, at);
      case LAST_TOKEN -> output.copy(row, length - 1, vector, at);
      case MAX -> max(output, row, length, vector, at);
      case MEAN -> sum(output, row, length, vector, at, 1.0 / length);
      case MEAN_SQRT_LEN_TOKENS -> sum(output, row, length, vector, at, 1 / Math.sqrt(length));
      case WEIGHTED_MEAN -> weightedMean(output, row, length, vector, at);
    }
  }

  private static void sum(
      TokenVectors output, int row, int length, float[] vector, int at, double scale) {
    int width = output.hiddenSize();
    float[] next = new float[width];
    output.copy(row, 0, vector, at);
    for (int token = 1; token < length; token++) {
      output.copy(row, token, next, 0);
      for (int i = 0; i < width; i++) {
        vector[at + i] += next[i];
      }
    }
    for (int i = 0; i < width; i++) {
      vector[at + i] = (float) (vector[at + i] * scale);
    }
  }

  private static void max(TokenVectors output, int row, int length, float[] vector, int at) {
    int width = output.hiddenSize();
    float[] next = new float[width];
    output.copy(row, 0, vector, at);
    for (int token = 1; token < length; token++) {
      output.copy(row, token, next, 0);
      for (int i = 0; i < width; i++) {
        vector[at + i] = Math.max(vector[at + i], next[i]);
      }
    }
  }

  private static void weightedMean(
      TokenVectors output, int row, int length, float[] vector, int at) {
    int width = output.hiddenSize();
    float[] next = new float[width];
    double weights = length * (length + 1.0) / 2;
    for (int token = 0; token < length; token++) {
      output.copy(row, token, next, 0);
      for (int i = 0; i < width; i++) {
        vector[at + i] += (token + 1) * next[i];
      }
    }
    for (int i = 0; i < width; i++) {
      vector[at + i] = (float) (vector[at + i] / weights);
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
