package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The limits within which texts share an execution of the encoder. No padding is computed, so a
 * length need not be close to that of the texts: it limits how long the other texts of a batch
 * wait.
 */
final class EncoderShapes {

  /**
   * Tokens of a batch: they decide how long its texts wait, and whether the data stays in the
   * processor's caches.
   */
  private static final int BATCH_TOKENS = 256;

  private static final int SHORTEST = 16;

  private EncoderShapes() {}

  /** Lengths in powers of two. */
  static List<Shape> upTo(int maxTokens) {
    List<Shape> shapes = new ArrayList<>();
    for (int length = Math.min(SHORTEST, maxTokens);
        length < maxTokens;
        length = Math.min(maxTokens, 2 * length)) {
      shapes.add(new Shape(Math.max(1, BATCH_TOKENS / length), length));
    }
    shapes.add(new Shape(Math.max(1, BATCH_TOKENS / maxTokens), maxTokens));
    return List.copyOf(shapes);
  }
}
