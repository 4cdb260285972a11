package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.Precision;
import java.util.List;

/**
 * How ONNX Runtime runs a model.
 *
 * @param sessions replicas; each holds another copy of the weights
 * @param intraOpThreads threads that compute one execution, including the calling thread
 * @param shapes upper bounds of batches: a text goes to the shortest length that holds it. The
 *     longest one is the longest possible text
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
   * The measured policy for a CPU: one session, each execution on its caller's thread, as many
   * callers as processors, and batches limited by tokens. Several threads per execution, and
   * batches of more than a few hundred tokens, both cost throughput.
   *
   * <p>Texts of an int8 model do not share executions: its activations are scaled by the extremes
   * of the whole batch, so a vector would depend on the other texts (cosines down to 0.971 between
   * two runs of one text were seen), and batches bring no gain.
   *
   * @param maxTokens the model's maximum number of tokens of a text
   * @param precision of the model's file
   */
  public static OnnxOptions forModel(int maxTokens, Precision precision) {
    OnnxOptions options = new OnnxOptions(1, 1, CpuShapes.upTo(maxTokens));
    return precision == Precision.INT8 ? options.ofOneRow() : options;
  }

  /** The same with other threads. */
  public OnnxOptions withThreads(int count) {
    return new OnnxOptions(sessions, count, shapes);
  }

  /** The same, but texts do not share executions and are not padded. */
  public OnnxOptions ofOneRow() {
    return new OnnxOptions(
        sessions,
        intraOpThreads,
        shapes.stream().map(shape -> new Shape(1, shape.sequenceLength())).toList());
  }
}
