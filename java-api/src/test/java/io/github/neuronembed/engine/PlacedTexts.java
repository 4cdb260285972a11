package io.github.neuronembed.engine;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.queue.Request;

/**
 * The simulation's own books of the rows of a batch: both limits, and nobody's code but its own.
 */
final class PlacedTexts {

  private final Shape shape;
  private final int[] tokens;
  private final int[] texts;

  PlacedTexts(Shape shape) {
    this.shape = shape;
    this.tokens = new int[shape.batchSize()];
    this.texts = new int[shape.batchSize()];
  }

  /** Adds a request's texts, each to the first row that takes it: all of them, or none. */
  boolean add(Request request) {
    int[] rows = new int[request.rows.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = rowFor(request.rows[i].length);
      if (rows[i] < 0) {
        while (--i >= 0) {
          tokens[rows[i]] -= request.rows[i].length;
          texts[rows[i]]--;
        }
        return false;
      }
      tokens[rows[i]] += request.rows[i].length;
      texts[rows[i]]++;
    }
    return true;
  }

  private int rowFor(int length) {
    for (int row = 0; row < tokens.length; row++) {
      if (tokens[row] + length <= shape.sequenceLength() && texts[row] < shape.textsPerRow()) {
        return row;
      }
    }
    return -1;
  }
}
