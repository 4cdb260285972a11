package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.backend.Shape;
import java.util.ArrayList;
import java.util.List;

/** The limits within which texts of similar length share an execution on a CPU. */
final class CpuShapes {

  /** Tokens of a batch; more tokens gain nothing or cost throughput. See docs/decisions. */
  private static final int BATCH_TOKENS = 256;

  private static final int SHORTEST = 16;

  private CpuShapes() {}

  /**
   * Lengths in steps of a quarter of a power of two, so that padding stays below a fifth; in steps
   * of 8 below 32 tokens, where padding is higher but costs little.
   */
  static List<Shape> upTo(int maxTokens) {
    List<Shape> shapes = new ArrayList<>();
    int length = Math.min(SHORTEST, maxTokens);
    while (true) {
      shapes.add(new Shape(Math.max(1, BATCH_TOKENS / length), length));
      if (length == maxTokens) {
        return List.copyOf(shapes);
      }
      length = Math.min(maxTokens, length + Math.max(8, Integer.highestOneBit(length) / 4));
    }
  }
}
