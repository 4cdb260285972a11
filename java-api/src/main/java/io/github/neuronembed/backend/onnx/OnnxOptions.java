package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.Precision;
import java.util.List;

/**
 * How ONNX Runtime serves a model.
 *
 * @param sessions replicas; each holds the weights once more
 * @param intraOpThreads threads that compute one execution, the calling one included
 * @param shapes bounds for batches: a text goes to the shortest length that holds it. The longest
 *     is the longest text that can be served
 */
public record OnnxOptions(int sessions, int intraOpThreads, List<Shape> shapes) {

  /**
   * @throws IllegalArgumentException if a count is not positive or there is no shape
   */
  public OnnxOptions {
    if (sessions < 1 || intraOpThreads < 1 || shapes.isEmpty()) {
      throw new IllegalArgumentException(
          "ONNX Runtime needs a session, a thread and a shape, not %s, %s and %s."
              .formatted(sessions, intraOpThreads, shapes.size()));
    }
    shapes = shapes.stream().distinct().sorted().toList();
  }

  /**
   * The measured policy for a CPU: one session whose every execution runs on its caller's thread,
   * as many callers as there are processors, and batches bounded by tokens. Threads inside of an
   * execution, and batches past a few hundred tokens, both cost throughput.
   *
   * <p>Texts of an int8 model do not share executions: its activations are scaled by the extremes
   * of the whole batch, so that a vector would depend on its company (cosines down to 0.971 between
   * two runs of one text were seen), and batches gain it nothing.
   *
   * @param maxTokens tokens of the longest text the model takes
   * @param precision what the model's file computes with
   */
  public static OnnxOptions forModel(int maxTokens, Precision precision) {
    OnnxOptions options = new OnnxOptions(1, 1, CpuShapes.upTo(maxTokens));
    return precision == Precision.INT8 ? options.ofOneRow() : options;
  }

  /** The same with other threads. */
  public OnnxOptions withThreads(int count) {
    return new OnnxOptions(sessions, count, shapes);
  }

  /** The same, where texts do not share executions and are not padded. */
  public OnnxOptions ofOneRow() {
    return new OnnxOptions(
        sessions,
        intraOpThreads,
        shapes.stream().map(shape -> new Shape(1, shape.sequenceLength())).toList());
  }
}
