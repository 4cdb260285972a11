package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.Shape;
import java.util.List;

/**
 * How the encoder serves a model.
 *
 * @param replicas how many replicas there are; they share the weights
 * @param threads threads that compute one execution, the calling one included
 * @param shapes bounds for batches: a text goes to the shortest length that holds it. The longest
 *     is the longest text that can be served
 */
public record CpuOptions(int replicas, int threads, List<Shape> shapes) {

  /**
   * Checks and sorts.
   *
   * @throws IllegalArgumentException if there is no replica, no thread or no shape
   */
  public CpuOptions {
    if (replicas < 1 || threads < 1 || shapes.isEmpty()) {
      throw new IllegalArgumentException(
          "The encoder needs a replica, a thread and a shape, not %s, %s and %s."
              .formatted(replicas, threads, shapes.size()));
    }
    shapes = shapes.stream().distinct().sorted().toList();
  }

  /**
   * The default policy: an execution runs on its caller's thread, as many callers as there are
   * processors, and batches bounded by tokens.
   *
   * @param maxTokens tokens of the longest text the model takes
   */
  public static CpuOptions forModel(int maxTokens) {
    return new CpuOptions(1, 1, EncoderShapes.upTo(maxTokens));
  }

  /** The same with other threads. */
  public CpuOptions withThreads(int count) {
    return new CpuOptions(replicas, count, shapes);
  }
}
