package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.NodeProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Computes the axes of values. It must compute them because exporters write the same shape in many
 * ways. The numbers of rows and tokens stay unknown.
 */
final class ShapeReader {

  private final GraphReader graph;
  private final IntegerReader integers;
  private final Map<String, List<Dim>> shapes = new HashMap<>();

  ShapeReader(GraphReader graph) {
    this.graph = graph;
    this.integers = new IntegerReader(graph, this);
  }

  /** The integers that the graph computes from axes. */
  IntegerReader integers() {
    return integers;
  }

  /** The axes of a value. This does not mark the nodes that compute it as read. */
  List<Dim> of(String named) throws UnsupportedGraphException {
    String value = graph.canonical(named);
    // Operands first, without recursion: a graph of many layers would overflow the stack.
    Deque<String> open = new ArrayDeque<>(List.of(value));
    while (!open.isEmpty()) {
      int size = open.size();
      for (String operand : operands(open.peek())) {
        if (!shapes.containsKey(operand)) {
          open.push(operand);
        }
      }
      if (open.size() == size) {
        String ready = open.pop();
        if (!shapes.containsKey(ready)) {
          shapes.put(ready, List.copyOf(compute(ready)));
        }
      }
    }
    return shapes.getOrDefault(value, List.of());
  }

  /** The operands whose axes determine those of a value. */
  private List<String> operands(String value) {
    NodeProto node = graph.producer(value);
    if (node == null || shapes.containsKey(value) || graph.isConstant(value)) {
      return List.of();
    }
    List<String> all = node.getInputList().stream().map(graph::canonical).toList();
    return switch (node.getOpType()) {
      case "ConstantOfShape", "Range" -> List.of();
      case "Add",
          "Div",
          "Equal",
          "Gather",
          "GatherElements",
          "MatMul",
          "Mul",
          "Pow",
          "Sub",
          "Where" ->
          all;
      default -> all.subList(0, Math.min(1, all.size()));
    };
  }

  private List<Dim> compute(String value) throws UnsupportedGraphException {
    if (graph.isInput(value)) {
      return List.of(Dim.ROWS, Dim.TOKENS);
    }
    if (graph.isConstant(value)) {
      return graph.dims(value).stream().map(Dim::of).toList();
    }
    NodeProto node = graph.producer(value);
    if (node == null) {
      throw new UnsupportedGraphException("The shape of %s is not known.".formatted(value));
    }
    List<Dim> first = operands(value).isEmpty() ? List.of() : of(node.getInput(0));
    return switch (node.getOpType()) {
      case "Cast",
          "CumSum",
          "DequantizeLinear",
          "Erf",
          "Gelu",
          "IsNaN",
          "LayerNormalization",
          "Not",
          "Relu",
          "Softmax",
          "Sqrt",
          "Tanh" ->
          first;
      case "DynamicQuantizeLinear" -> value.equals(node.getOutput(0)) ? first : List.of();
      case "Add", "Div", "Equal", "Mul", "Pow", "Sub", "Where" -> {
        List<Dim> all = first;
        for (int i = 1; i < node.getInputCount(); i++) {
          all = broadcast(value, all, of(node.getInput(i)));
        }
        yield all;
      }
      case "MatMul", "MatMulInteger" -> product(value, first, of(node.getInput(1)));
      case "Gemm" -> {
        List<Dim> second = of(node.getInput(1));
        boolean transposed = GraphReader.integer(node, "transB", 0) == 1;
        graph.expect(first.size() == 2 && second.size() == 2, "%s is no product.", value);
        yield List.of(first.get(0), second.get(transposed ? 0 : 1));
      }
      case "Transpose" -> {
        List<Dim> moved = new ArrayList<>();
        for (long axis : GraphReader.integers(node, "perm")) {
          graph.expect(axis >= 0 && axis < first.size(), "%s has no axis %s.", value, axis);
          moved.add(first.get((int) axis));
        }
        yield moved;
      }
      case "Reshape" -> reshaped(node, first);
      case "Expand" -> broadcast(value, first, integers.read(graph.input(node, 1, 2)).values());
      case "Gather" -> {
        int axis = axis(node, first.size());
        List<Dim> all = new ArrayList<>(first.subList(0, axis));
        all.addAll(of(node.getInput(1)));
        all.addAll(first.subList(axis + 1, first.size()));
        yield all;
      }
      case "ReduceMean" -> {
        graph.expect(GraphReader.integer(node, "keepdims", 1) == 1, "%s loses an axis.", value);
        List<Dim> all = new ArrayList<>(first);
        all.set(all.size() - 1, Dim.ONE);
        yield all;
      }
      case "GatherElements" -> of(node.getInput(1));
      case "ConstantOfShape" -> integers.read(graph.input(node, 0, 1)).values();
      case "Range" -> List.of(count(node));
      case "Shape" -> List.of(Dim.of(integers.read(value).values().size()));
      case "Slice" -> {
        if (graph.isComputedBy(node.getInput(0), "Shape")) {
          yield List.of(Dim.of(integers.read(value).values().size()));
        }
        List<Dim> all = new ArrayList<>(first);
        all.set(oneAxis(node, first.size()), integers.one(node.getInput(2), 1));
        yield all;
      }
      case "Unsqueeze" -> {
        List<Dim> all = new ArrayList<>(first);
        for (long axis : integers.axes(node)) {
          graph.expect(axis >= 0 && axis <= all.size(), "%s has no axis %s.", value, axis);
          all.add((int) axis, Dim.ONE);
        }
        yield all;
      }
      default ->
          throw new UnsupportedGraphException(
              "The shape of %s, computed by %s, is not known.".formatted(value, node.getOpType()));
    };
  }

  /** The number of values of a Range that starts at 0. */
  Dim count(NodeProto node) throws UnsupportedGraphException {
    graph.expect(
        integers.one(graph.input(node, 0, 3), 0).is(0)
            && integers.one(graph.input(node, 2, 3), 0).is(1),
        "%s does not count from 0.",
        node.getOutput(0));
    return integers.one(graph.input(node, 1, 3), 0);
  }

  /** The axis of a Slice that takes the first entries of one axis. */
  int oneAxis(NodeProto node, int rank) throws UnsupportedGraphException {
    int inputs = node.getInputCount();
    graph.expect(
        (inputs == 4 || inputs == 5)
            && integers.one(node.getInput(1), 1).is(0)
            && (inputs == 4 || integers.one(node.getInput(4), 1).is(1)),
        "%s does not begin at 0.",
        node.getOutput(0));
    Dim axis = integers.one(node.getInput(3), 1);
    graph.expect(
        axis.isNumber() && axis.factor() >= 0 && axis.factor() < rank,
        "%s has no axis %s.",
        node.getOutput(0),
        axis);
    return (int) axis.factor();
  }

  private int axis(NodeProto node, int rank) throws UnsupportedGraphException {
    long axis = GraphReader.integer(node, "axis", 0);
    long counted = axis < 0 ? axis + rank : axis;
    graph.expect(counted >= 0 && counted < rank, "%s has no axis %s.", node.getOutput(0), axis);
    return (int) counted;
  }

  private List<Dim> broadcast(String value, List<Dim> one, List<Dim> other)
      throws UnsupportedGraphException {
    int rank = Math.max(one.size(), other.size());
    List<Dim> all = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      Dim a = i < rank - one.size() ? Dim.ONE : one.get(i - rank + one.size());
      Dim b = i < rank - other.size() ? Dim.ONE : other.get(i - rank + other.size());
      graph.expect(a.equals(b) || a.is(1) || b.is(1), "%s combines %s and %s.", value, one, other);
      all.add(a.is(1) ? b : a);
    }
    return all;
  }

  private List<Dim> product(String value, List<Dim> one, List<Dim> other)
      throws UnsupportedGraphException {
    graph.expect(one.size() >= 2 && other.size() >= 2, "%s is no product.", value);
    List<Dim> all =
        new ArrayList<>(
            broadcast(value, one.subList(0, one.size() - 2), other.subList(0, other.size() - 2)));
    all.add(one.get(one.size() - 2));
    all.add(other.get(other.size() - 1));
    return all;
  }

  private List<Dim> reshaped(NodeProto node, List<Dim> from) throws UnsupportedGraphException {
    String value = node.getOutput(0);
    graph.expect(GraphReader.integer(node, "allowzero", 0) == 0, "%s allows zeros.", value);
    IntegerReader.Integers wanted = integers.read(graph.input(node, 1, 2));
    graph.expect(wanted.rank() == 1, "%s has no shape.", value);
    List<Dim> all = new ArrayList<>(wanted.values());
    Dim rest = from.stream().reduce(Dim.ONE, Dim::times);
    int open = -1;
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).is(0)) {
        graph.expect(i < from.size(), "%s has no axis %s to keep.", value, i);
        all.set(i, from.get(i));
      }
      if (all.get(i).is(-1)) {
        graph.expect(open < 0, "%s has two open axes.", value);
        open = i;
      } else {
        Dim left = rest.over(all.get(i));
        if (left == null) {
          throw new UnsupportedGraphException(
              "%s does not fit its shape %s of %s.".formatted(value, wanted.values(), from));
        }
        rest = left;
      }
    }
    if (open >= 0) {
      all.set(open, rest);
    }
    graph.expect(open >= 0 || rest.is(1), "%s does not fit its shape.", value);
    return all;
  }
}
