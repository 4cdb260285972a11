package io.github.neuronembed.model.graph;

import org.jspecify.annotations.Nullable;

/**
 * A size in a graph as a formula that is known before the graph runs: {@code factor × (rows of the
 * batch)^rows × (tokens of a row)^tokens}.
 *
 * @param rows the exponent of the number of rows
 * @param tokens the exponent of the number of tokens
 */
record Dim(int rows, int tokens, long factor) {

  static final Dim ROWS = new Dim(1, 0, 1);
  static final Dim TOKENS = new Dim(0, 1, 1);
  static final Dim ONE = of(1);

  static Dim of(long size) {
    return new Dim(0, 0, size);
  }

  boolean isNumber() {
    return rows == 0 && tokens == 0;
  }

  boolean is(long size) {
    return equals(of(size));
  }

  Dim times(Dim other) {
    return new Dim(rows + other.rows, tokens + other.tokens, factor * other.factor);
  }

  /** This size divided by another; null if the result is not a whole size. */
  @Nullable Dim over(Dim other) {
    return other.factor == 0
            || factor % other.factor != 0
            || rows < other.rows
            || tokens < other.tokens
        ? null
        : new Dim(rows - other.rows, tokens - other.tokens, factor / other.factor);
  }
}
