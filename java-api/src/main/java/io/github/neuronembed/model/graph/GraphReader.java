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
import org.jspecify.annotations.Nullable;

/**
 * Walks a graph from its output to its inputs and records what it has read, so that no part of the
 * graph stays unread. Every step names what it expects, and fails if it finds something else.
 */
final class GraphReader {

  private static final int MAX_ALIASES = 1000;

  private final Map<String, NodeProto> producers = new HashMap<>();
  private final Map<String, String> aliases = new HashMap<>();
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
    expectOrder(graph.getNodeList());
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("Identity") && isStandard(node) && node.getInputCount() == 1) {
        aliases.put(node.getOutput(0), node.getInput(0));
        producers.remove(node.getOutput(0));
      }
    }
  }

  /** Refuses a graph in which a value depends on itself. */
  private void expectOrder(List<NodeProto> nodes) throws UnsupportedGraphException {
    Set<String> computed = new HashSet<>();
    for (NodeProto node : nodes) {
      for (String input : node.getInputList()) {
        expect(
            computed.contains(input) || !producers.containsKey(input),
            "%s is used before it is computed.",
            input);
      }
      computed.addAll(node.getOutputList());
    }
  }

  private static boolean isStandard(NodeProto node) {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
  }

  /** The original name of a value that Identity nodes may have given other names. */
  String canonical(String value) {
    String name = value;
    for (int i = 0; i < MAX_ALIASES && aliases.containsKey(name); i++) {
      name = aliases.get(name);
    }
    return name;
  }

  /** The standard ONNX node that computes a value, or null; this does not mark the node as read. */
  @Nullable NodeProto producer(String value) {
    NodeProto node = producers.get(canonical(value));
    return node != null && isStandard(node) ? node : null;
  }

  /** Marks a node as read. */
  void read(NodeProto node) {
    seenNodes.add(node.getOutput(0));
  }

  /** The node that computes a value; fails if it does not have the given standard operator. */
  NodeProto node(String value, String operator) throws UnsupportedGraphException {
    NodeProto node = producer(value);
    if (node == null || !node.getOpType().equals(operator)) {
      throw new UnsupportedGraphException(
          "%s is expected to be computed by %s, but %s.".formatted(value, operator, origin(value)));
    }
    read(node);
    return node;
  }

  private String origin(String named) {
    String value = canonical(named);
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

  /** An operand of a node; fails if the node does not have the given number of operands. */
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
    return canonical(node.getInput(index));
  }

  boolean isComputedBy(String value, String operator) {
    NodeProto node = producer(value);
    return node != null && node.getOpType().equals(operator);
  }

  boolean isConstant(String value) {
    return initializers.containsKey(canonical(value)) || isComputedBy(value, "Constant");
  }

  boolean isInput(String value) {
    return inputs.containsKey(canonical(value));
  }

  /** The dimensions of a constant; this does not mark an initializer as read. */
  List<Long> dims(String value) throws UnsupportedGraphException {
    TensorProto initializer = initializers.get(canonical(value));
    return initializer != null ? initializer.getDimsList() : constant(value).dims();
  }

  /** A constant of the file: an initializer, or the value of a Constant node. */
  Tensor constant(String named) throws UnsupportedGraphException {
    String value = canonical(named);
    TensorProto initializer = initializers.get(value);
    if (initializer != null) {
      seenInitializers.add(value);
      return Tensor.of(value, initializer, rawData.get(value));
    }
    NodeProto node = node(value, "Constant");
    AttributeProto held =
        node.getAttributeCount() == 1 ? node.getAttribute(0) : AttributeProto.getDefaultInstance();
    return switch (held.getName()) {
      case "value" -> Tensor.of(value, held.getT(), null);
      case "value_int" -> Tensor.of(value, List.of(), held.getI());
      case "value_ints" ->
          Tensor.of(
              value,
              List.of((long) held.getIntsCount()),
              held.getIntsList().stream().mapToLong(Long::longValue).toArray());
      case "value_float" -> Tensor.of(value, held.getF());
      default ->
          throw new UnsupportedGraphException("Constant %s holds no tensor.".formatted(value));
    };
  }

  /** The integer that a ConstantOfShape repeats. */
  long fill(NodeProto node) throws UnsupportedGraphException {
    if (node.getAttributeCount() == 0) {
      throw new UnsupportedGraphException("%s repeats no integer.".formatted(node.getOutput(0)));
    }
    Tensor value = Tensor.of(node.getOutput(0), node.getAttribute(0).getT(), null);
    expect(value.longs().length == 1, "%s repeats no integer.", node.getOutput(0));
    return value.longs()[0];
  }

  /** The number of a float32 constant of one element; null for any other value. */
  @Nullable Float scalarOrNull(String value) throws UnsupportedGraphException {
    if (!isConstant(value) || dims(value).stream().anyMatch(dim -> dim != 1)) {
      return null;
    }
    float scalar = constant(value).scalar();
    return Float.isNaN(scalar) ? null : scalar;
  }

  /** The number of a float32 constant of one element; fails for any other value. */
  float scalar(String value) throws UnsupportedGraphException {
    Tensor tensor = constant(value);
    float scalar = tensor.scalar();
    if (Float.isNaN(scalar)) {
      throw new UnsupportedGraphException("%s is not one float32 value.".formatted(tensor));
    }
    return scalar;
  }

  /** Checks that a value is an input of the model, int64. */
  void expectInput(String named, String input) throws UnsupportedGraphException {
    String value = canonical(named);
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
   * @param absent the default, for a node without this attribute
   */
  static long integer(NodeProto node, String name, long absent) {
    return attribute(node, name, AttributeProto.getDefaultInstance().toBuilder().setI(absent))
        .getI();
  }

  /**
   * A float attribute of a node.
   *
   * @param absent the default, for a node without this attribute
   */
  static float number(NodeProto node, String name, float absent) {
    return attribute(node, name, AttributeProto.newBuilder().setF(absent)).getF();
  }

  /** The integers of an attribute of a node; empty if the node does not have it. */
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
   * Checks that the whole graph has been read.
   *
   * @throws UnsupportedGraphException if a node, an initializer or an input is unread
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

  /** The operands of a commutative operator, the constant first. */
  String[] constantAndOther(String value, String operator) throws UnsupportedGraphException {
    NodeProto node = node(value, operator);
    String first = input(node, 0, 2);
    String second = input(node, 1, 2);
    boolean firstIsConstant = isConstant(first);
    expect(
        firstIsConstant != isConstant(second),
        "%s is made of %s and %s; one of them is expected to be a constant.",
        value,
        first,
        second);
    return firstIsConstant ? new String[] {first, second} : new String[] {second, first};
  }

  void expectSame(String value, String expected) throws UnsupportedGraphException {
    expect(
        canonical(value).equals(canonical(expected)),
        "%s is used where %s is expected.",
        value,
        expected);
  }
}
