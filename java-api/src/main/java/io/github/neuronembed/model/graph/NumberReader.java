package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Recognises numbers, which a graph computes from constants and sizes, and the values that it
 * multiplies by them.
 */
final class NumberReader {

  private static final double TOLERANCE = 1e-6;

  private static final Set<String> SIZES =
      Set.of("Gather", "Reshape", "Shape", "Slice", "Squeeze", "Unsqueeze");

  private final GraphReader graph;
  private final ShapeReader shapes;

  NumberReader(GraphReader graph, ShapeReader shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /**
   * @param value the value before the multiplications
   * @param factor the product of all factors
   */
  record Scaled(String value, double factor) {}

  /** Reads all multiplications and divisions by numbers that lead to a value. */
  Scaled scaled(String named) throws UnsupportedGraphException {
    String value = graph.canonical(named);
    double factor = 1;
    for (NodeProto node = graph.producer(value); node != null; node = graph.producer(value)) {
      boolean product = node.getOpType().equals("Mul");
      if (!product && !node.getOpType().equals("Div")) {
        break;
      }
      int other = 0;
      Double number = number(graph.input(node, 1, 2));
      if (number == null && product) {
        other = 1;
        number = number(graph.input(node, 0, 2));
      }
      if (number == null) {
        break;
      }
      factor *= product ? number : 1 / number;
      value = graph.input(node, other, 2);
      graph.read(node);
    }
    return new Scaled(value, factor);
  }

  /** Whether two numbers differ at most by the rounding of float32. */
  static boolean near(double number, double expected) {
    return Math.abs(number / expected - 1) < TOLERANCE;
  }

  /** A number that the graph computes from constants and sizes; null for any other value. */
  private @Nullable Double number(String value) throws UnsupportedGraphException {
    Float constant = graph.scalarOrNull(value);
    NodeProto node = graph.producer(value);
    if (constant != null || node == null) {
      return constant == null ? null : constant.doubleValue();
    }
    Double number =
        switch (node.getOpType()) {
          case "Sqrt" -> {
            Double one = number(graph.input(node, 0, 1));
            yield one == null ? null : (Double) Math.sqrt(one);
          }
          case "Reciprocal" -> {
            Double one = number(graph.input(node, 0, 1));
            yield one == null ? null : (Double) (1 / one);
          }
          case "Div", "Mul" -> {
            Double one = number(graph.input(node, 0, 2));
            Double other = one == null ? null : number(graph.input(node, 1, 2));
            yield one == null || other == null
                ? null
                : (Double) (node.getOpType().equals("Mul") ? one * other : one / other);
          }
          case "Cast" -> size(node);
          default -> null;
        };
    if (number != null) {
      graph.read(node);
    }
    return number;
  }

  private @Nullable Double size(NodeProto cast) throws UnsupportedGraphException {
    String value = graph.input(cast, 0, 1);
    Float constant = graph.scalarOrNull(value);
    if (constant != null) {
      return constant.doubleValue();
    }
    NodeProto node = graph.producer(value);
    if (node == null
        || !SIZES.contains(node.getOpType())
        || GraphReader.integer(cast, "to", 0) != TensorProto.DataType.FLOAT.getNumber()) {
      return null;
    }
    Dim size = shapes.integers().one(value);
    return size.isNumber() ? (Double) (double) size.factor() : null;
  }

  /** Checks a constant. */
  void expectScalar(String value, float expected) throws UnsupportedGraphException {
    float scalar = graph.scalar(value);
    graph.expect(near(scalar, expected), "%s is %s, not %s.", value, scalar, expected);
  }
}
