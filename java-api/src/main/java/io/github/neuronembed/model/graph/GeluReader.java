package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.NumberReader.Scaled;
import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import java.util.ArrayList;
import java.util.List;

/** Recognises the exact GELU. */
final class GeluReader {

  private final GraphReader graph;
  private final NumberReader numbers;

  GeluReader(GraphReader graph, NumberReader numbers) {
    this.graph = graph;
    this.numbers = numbers;
  }

  /** The input x of {@code 0.5 * x * (1 + erf(x / sqrt(2)))}, in any order, or of Gelu. */
  String read(String value) throws UnsupportedGraphException {
    if (graph.isComputedBy(value, "Gelu")) {
      NodeProto gelu = graph.node(value, "Gelu");
      graph.expect(
          gelu.getAttributeList().stream().allMatch(GeluReader::isExact),
          "%s is an approximation of GELU.",
          value);
      return graph.input(gelu, 0, 1);
    }
    List<String> factors = new ArrayList<>();
    factors(value, factors);
    String half = only(factors, true, value);
    numbers.expectScalar(half, 0.5f);
    factors.remove(half);
    graph.expect(factors.size() == 2, "%s is no GELU.", value);
    int weight = graph.isComputedBy(factors.get(1), "Add") && isErf(factors.get(1)) ? 1 : 0;
    String x = factors.get(1 - weight);
    String[] sum = graph.constantAndOther(factors.get(weight), "Add");
    numbers.expectScalar(sum[0], 1);
    NodeProto erf = graph.node(sum[1], "Erf");
    Scaled part = numbers.scaled(graph.input(erf, 0, 1));
    graph.expect(NumberReader.near(part.factor(), Math.sqrt(0.5)), "%s is no GELU.", value);
    graph.expectSame(part.value(), x);
    return x;
  }

  private static boolean isExact(AttributeProto attribute) {
    return attribute.getName().equals("approximate")
        && attribute.getS().toStringUtf8().equals("none");
  }

  private boolean isErf(String sum) {
    NodeProto node = graph.producer(sum);
    return node != null && node.getInputList().stream().anyMatch(x -> graph.isComputedBy(x, "Erf"));
  }

  /** Collects the factors of nested products. */
  private void factors(String value, List<String> factors) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Mul") || factors.size() > 3) {
      factors.add(value);
      return;
    }
    NodeProto product = graph.node(value, "Mul");
    factors(graph.input(product, 0, 2), factors);
    factors(graph.input(product, 1, 2), factors);
  }

  private String only(List<String> values, boolean constant, String of)
      throws UnsupportedGraphException {
    List<String> found =
        values.stream().filter(value -> graph.isConstant(value) == constant).toList();
    graph.expect(found.size() == 1, "%s is no GELU.", of);
    return found.get(0);
  }
}
