package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Walks a graph from its output to its inputs and keeps account of what was seen, so that nothing
 * in the graph can be left unread. Every step names what it expects and fails where it finds
 * something else.
 */
final class GraphReader {

  private final Map<String, NodeProto> producers = new HashMap<>();
  private final Map<String, TensorProto> initializers = new HashMap<>();
  private final Map<String, ValueInfoProto> inputs = new HashMap<>();
  private final Set<String> seenNodes = new HashSet<>();
  private final Set<String> seenInitializers = new HashSet<>();
  private final Set<String> seenInputs = new HashSet<>();

  private final Map<String, ByteBuffer> rawData;

  GraphReader(GraphProto graph, Map<String, ByteBuffer> rawData) throws UnsupportedGraphException {
    this.rawData = rawData;
    for (TensorProto initializer : graph.getInitializerList()) {
      initializers.put(initializer.getName(), initializer);
    }
    // Old files list the initializers among the inputs: values that a caller may replace.
    graph.getInputList().stream()
        .filter(input -> !initializers.containsKey(input.getName()))
        .forEach(input -> inputs.put(input.getName(), input));
    for (NodeProto node : graph.getNodeList()) {
      for (String output : node.getOutputList()) {
        if (producers.put(output, node) != null || initializers.containsKey(output)) {
          throw new UnsupportedGraphException("%s is computed twice.".formatted(output));
        }
      }
    }
  }

  /** The node that computes a value; it is of the given operator of ONNX itself. */
  NodeProto node(String value, String operator) throws UnsupportedGraphException {
    NodeProto node = producers.get(value);
    if (node == null
        || !(node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx"))
        || !node.getOpType().equals(operator)) {
      throw new UnsupportedGraphException(
          "%s is expected to be computed by %s, but %s.".formatted(value, operator, origin(value)));
    }
    seenNodes.add(node.getOutput(0));
    return node;
  }

  private String origin(String value) {
    NodeProto node = producers.get(value);
    if (node != null) {
      return "is computed by "
          + (node.getDomain().isEmpty() ? "" : node.getDomain() + ".")
          + node.getOpType();
    }
    return initializers.containsKey(value)
        ? "is an initializer"
        : inputs.containsKey(value) ? "is an input" : "nothing computes it";
  }

  /** An operand of a node that has to have the given number of them. */
  String input(NodeProto node, int index, int count) throws UnsupportedGraphException {
    if (node.getInputCount() != count || node.getInput(index).isEmpty()) {
      throw new UnsupportedGraphException(
          "%s, the %s of %s, has the inputs %s; %s are expected."
              .formatted(
                  node.getName(),
                  node.getOpType(),
                  node.getOutputList(),
                  node.getInputList(),
                  count));
    }
    return node.getInput(index);
  }

  boolean isComputedBy(String value, String operator) {
    NodeProto node = producers.get(value);
    return node != null && node.getOpType().equals(operator);
  }

  boolean isConstant(String value) {
    return initializers.containsKey(value) || isComputedBy(value, "Constant");
  }

  /** A value that the file holds: an initializer, or what a Constant node carries. */
  Tensor constant(String value) throws UnsupportedGraphException {
    TensorProto initializer = initializers.get(value);
    if (initializer != null) {
      seenInitializers.add(value);
      return Tensor.of(value, initializer, rawData.get(value));
    }
    NodeProto node = node(value, "Constant");
    if (node.getAttributeCount() != 1 || !node.getAttribute(0).hasT()) {
      throw new UnsupportedGraphException("Constant %s holds no tensor.".formatted(value));
    }
    return Tensor.of(value, node.getAttribute(0).getT(), null);
  }

  /** A float32 constant of one element. */
  float scalar(String value) throws UnsupportedGraphException {
    Tensor tensor = constant(value);
    float scalar = tensor.scalar();
    if (Float.isNaN(scalar)) {
      throw new UnsupportedGraphException("%s is not one float32 value.".formatted(tensor));
    }
    return scalar;
  }

  /** Checks that a value is an input of the model, int64. */
  void expectInput(String value, String input) throws UnsupportedGraphException {
    ValueInfoProto info = inputs.get(value);
    expect(
        value.equals(input)
            && info != null
            && info.getType().getTensorType().getElemType()
                == TensorProto.DataType.INT64.getNumber(),
        "%s is expected to be the int64 input %s, but %s.",
        value,
        input,
        origin(value));
    seenInputs.add(value);
  }

  /** Fails with a message in {@link String#format}'s form unless a condition holds. */
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  void expect(boolean condition, String message, Object... values)
      throws UnsupportedGraphException {
    if (!condition) {
      throw new UnsupportedGraphException(message.formatted(values));
    }
  }

  /**
   * An integer attribute of a node.
   *
   * @param absent what its absence means
   */
  static long integer(NodeProto node, String name, long absent) {
    return attribute(node, name, AttributeProto.getDefaultInstance().toBuilder().setI(absent))
        .getI();
  }

  /** The integers of an attribute of a node; none if it is absent. */
  static List<Long> integers(NodeProto node, String name) {
    return attribute(node, name, AttributeProto.newBuilder()).getIntsList();
  }

  private static AttributeProto attribute(
      NodeProto node, String name, AttributeProto.Builder absent) {
    return node.getAttributeList().stream()
        .filter(attribute -> attribute.getName().equals(name))
        .findFirst()
        .orElseGet(absent::build);
  }

  /**
   * Checks that the whole graph has been walked.
   *
   * @throws UnsupportedGraphException if a node, an initializer or an input was not
   */
  void expectAllSeen() throws UnsupportedGraphException {
    for (NodeProto node : producers.values()) {
      expect(
          seenNodes.contains(node.getOutput(0)),
          "%s, computed by %s, has no part in a BERT encoder.",
          node.getOutput(0),
          node.getOpType());
    }
    expectSeen("initializer", initializers.keySet(), seenInitializers);
    expectSeen("input", inputs.keySet(), seenInputs);
  }

  private void expectSeen(String kind, Set<String> present, Set<String> seen)
      throws UnsupportedGraphException {
    for (String name : present) {
      expect(seen.contains(name), "The %s %s has no part in a BERT encoder.", kind, name);
    }
  }
}
