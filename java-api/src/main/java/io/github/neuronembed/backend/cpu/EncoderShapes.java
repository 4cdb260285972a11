package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The bounds within which texts share an execution of the encoder. No padding is computed, so a
 * length need not be near to the texts': it bounds what the others of a batch wait for.
 */
final class EncoderShapes {

  /** Tokens of a batch: what others of it wait for, and what stays in the processor's caches. */
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
