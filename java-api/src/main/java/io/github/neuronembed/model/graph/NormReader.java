package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.List;

/** Recognises layer norms. All norms of a graph are of vectors of one size. */
final class NormReader {

  private static final long FLOAT = TensorProto.DataType.FLOAT.getNumber();

  /** The epsilon of a LayerNormalization without that attribute. */
  private static final float USUAL_EPSILON = 1e-5f;

  private final GraphReader graph;
  private final NumberReader numbers;
  private long hiddenSize;

  NormReader(GraphReader graph, NumberReader numbers) {
    this.graph = graph;
    this.numbers = numbers;
  }

  /** Elements of a token's vector; 0 until the first norm is read. */
  long hiddenSize() {
    return hiddenSize;
  }

  /**
   * {@code (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias}, or
   * LayerNormalization.
   */
  Read<LayerNorm> read(String value) throws UnsupportedGraphException {
    return graph.isComputedBy(value, "LayerNormalization") ? fusedNorm(value) : writtenNorm(value);
  }

  private Read<LayerNorm> fusedNorm(String value) throws UnsupportedGraphException {
    NodeProto node = graph.node(value, "LayerNormalization");
    long axis = GraphReader.integer(node, "axis", -1);
    graph.expect(
        (axis == -1 || axis == 2)
            && GraphReader.integer(node, "stash_type", 1) == FLOAT
            && node.getOutputCount() == 1,
        "%s is a norm along axis %s.",
        value,
        axis);
    LayerNorm norm =
        new LayerNorm(
            graph.constant(graph.input(node, 1, 3)),
            graph.constant(graph.input(node, 2, 3)),
            GraphReader.number(node, "epsilon", USUAL_EPSILON));
    return checked(value, norm, graph.input(node, 0, 3));
  }

  private Read<LayerNorm> writtenNorm(String value) throws UnsupportedGraphException {
    String[] sum = graph.constantAndOther(value, "Add");
    String[] product = graph.constantAndOther(sum[1], "Mul");
    NodeProto division = graph.node(product[1], "Div");
    String centred = graph.input(division, 0, 2);
    NodeProto root = graph.node(graph.input(division, 1, 2), "Sqrt");
    String[] variance = graph.constantAndOther(graph.input(root, 0, 1), "Add");
    NodeProto square = graph.node(mean(variance[1]), "Pow");
    numbers.expectScalar(graph.input(square, 1, 2), 2);
    graph.expectSame(graph.input(square, 0, 2), centred);
    NodeProto difference = graph.node(centred, "Sub");
    String x = graph.input(difference, 0, 2);
    graph.expectSame(mean(graph.input(difference, 1, 2)), x);
    LayerNorm norm =
        new LayerNorm(
            graph.constant(product[0]), graph.constant(sum[0]), graph.scalar(variance[0]));
    return checked(value, norm, x);
  }

  private Read<LayerNorm> checked(String value, LayerNorm norm, String x)
      throws UnsupportedGraphException {
    long size = norm.scale().rank() == 1 ? norm.scale().dims().get(0) : 0;
    graph.expect(
        size > 0
            && (hiddenSize == 0 || hiddenSize == size)
            && norm.scale().isFloat(size)
            && norm.bias().isFloat(size)
            && norm.epsilon() > 0,
        "%s is no norm of vectors: scale %s, bias %s, epsilon %s.",
        value,
        norm.scale(),
        norm.bias(),
        norm.epsilon());
    hiddenSize = size;
    return new Read<>(norm, x);
  }

  private String mean(String value) throws UnsupportedGraphException {
    NodeProto mean = graph.node(value, "ReduceMean");
    List<Long> axes =
        mean.getInputCount() == 2 // since operator set 18
            ? Tensor.list(graph.constant(graph.input(mean, 1, 2)).longs())
            : GraphReader.integers(mean, "axes");
    graph.expect(
        (axes.equals(List.of(-1L)) || axes.equals(List.of(2L)))
            && GraphReader.integer(mean, "keepdims", 1) == 1,
        "%s is a mean along %s.",
        value,
        axes);
    return graph.input(mean, 0, mean.getInputCount());
  }
}
