package io.github.neuronembed.backend.cpu;

import io.github.neuronembed.backend.Shape;
import java.util.List;

/**
 * How the encoder runs a model.
 *
 * @param replicas number of replicas; they share the weights
 * @param threads threads that compute one execution, including the calling thread
 * @param shapes upper bounds of batches: a text goes to the shortest length that holds it. The
 *     longest one is the longest possible text
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
   * The default policy: an execution runs on its caller's thread, with as many callers as
   * processors, and tokens limit a batch.
   *
   * @param maxTokens the model's maximum number of tokens of a text
   */
  public static CpuOptions forModel(int maxTokens) {
    return new CpuOptions(1, 1, EncoderShapes.upTo(maxTokens));
  }

  /** The same with other threads. */
  public CpuOptions withThreads(int count) {
    return new CpuOptions(replicas, count, shapes);
  }
}
