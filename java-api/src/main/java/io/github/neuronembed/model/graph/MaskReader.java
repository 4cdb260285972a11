package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * Determines what a graph computes from the attention mask. Graphs write it in many ways, but each
 * result element depends on only one element of the mask. So this class computes the result for
 * both values, 0 and 1.
 */
final class MaskReader {

  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();
  private static final int BOOL = TensorProto.DataType.BOOL.getNumber();
  private static final int INT32 = TensorProto.DataType.INT32.getNumber();
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  /** The axes of an attention mask: rows, heads, queries and keys. */
  private static final int AXES = 4;

  /** Largest value that hides a token from float32 scores as surely as minus infinity. */
  private static final double LARGEST_HIDING = -10_000;

  private final GraphReader graph;
  private final ShapeReader shapes;
  private final Map<String, Masked> known = new HashMap<>();

  MaskReader(GraphReader graph, ShapeReader shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /**
   * @param hidden the result where the mask is 0
   * @param seen the result where the mask is 1
   * @param type element type
   * @param keys the axis of the mask's tokens; -1 for a constant
   */
  private record Masked(double hidden, double seen, int type, List<Dim> dims, int keys) {

    /** The axis, counted from the last one. */
    int keysFromEnd() {
      return dims.size() - keys;
    }
  }

  /** The number added to the score of a token that the mask hides; others must get 0. */
  float added(String value) throws UnsupportedGraphException {
    Masked mask = masked(value);
    expectAxes(value, mask);
    graph.expect(
        mask.type == FLOAT && mask.seen == 0 && mask.hidden <= LARGEST_HIDING,
        "%s adds %s to hidden tokens and %s to others.",
        value,
        mask.hidden,
        mask.seen);
    return finite(mask.hidden);
  }

  /** The value that replaces the score of a token that the mask hides. */
  float inPlace(String condition, String constant) throws UnsupportedGraphException {
    Masked mask = masked(condition);
    expectAxes(condition, mask);
    Float hiding = graph.scalarOrNull(constant);
    graph.expect(
        mask.type == BOOL
            && mask.hidden == 1
            && mask.seen == 0
            && hiding != null
            && hiding <= LARGEST_HIDING,
        "%s does not hide tokens.",
        condition);
    return hiding == null ? Float.NaN : finite(hiding);
  }

  private static float finite(double value) {
    return (float) Math.max(value, -Float.MAX_VALUE);
  }

  private void expectAxes(String value, Masked mask) throws UnsupportedGraphException {
    List<Dim> dims = mask.dims;
    graph.expect(
        mask.keys == AXES - 1
            && dims.size() == AXES
            && dims.get(0).equals(Dim.ROWS)
            && dims.get(1).isNumber()
            && (dims.get(2).is(1) || dims.get(2).equals(Dim.TOKENS))
            && dims.get(3).equals(Dim.TOKENS),
        "%s is no mask of rows, heads, queries and keys.",
        value);
  }

  private Masked masked(String named) throws UnsupportedGraphException {
    String value = graph.canonical(named);
    Masked before = known.get(value);
    if (before == null) {
      before = compute(value);
      known.put(value, before);
    }
    return before;
  }

  private Masked compute(String value) throws UnsupportedGraphException {
    if (graph.isInput(value)) {
      graph.expectInput(value, BertGraphReader.ATTENTION_MASK);
      return new Masked(0, 1, INT64, List.of(Dim.ROWS, Dim.TOKENS), 1);
    }
    if (graph.isConstant(value)) {
      return constant(graph.constant(value));
    }
    NodeProto node = graph.producer(value);
    if (node == null) {
      throw new UnsupportedGraphException("%s is no part of a mask.".formatted(value));
    }
    graph.read(node);
    return switch (node.getOpType()) {
      case "Cast" -> cast(node);
      case "Not" -> {
        Masked one = masked(graph.input(node, 0, 1));
        graph.expect(one.type == BOOL, "%s is not of booleans.", value);
        yield each(one, BOOL, x -> 1 - x);
      }
      case "Add" -> both(node, false, Double::sum);
      case "Sub" -> both(node, false, (x, y) -> x - y);
      case "Mul" -> both(node, false, (x, y) -> x * y);
      case "Equal" -> both(node, true, (x, y) -> x == y ? 1 : 0);
      case "Where" -> where(node);
      case "Unsqueeze" -> {
        Masked one = masked(node.getInput(0));
        int keys = one.keys;
        for (long axis : shapes.integers().axes(node)) {
          keys += axis <= keys ? 1 : 0;
        }
        yield new Masked(one.hidden, one.seen, one.type, shapes.of(value), keys);
      }
      case "Reshape", "Expand" -> moved(value, node);
      default ->
          throw new UnsupportedGraphException(
              "%s, computed by %s, is no part of a mask.".formatted(value, node.getOpType()));
    };
  }

  private Masked constant(Tensor tensor) throws UnsupportedGraphException {
    graph.expect(tensor.elements() == 1, "%s is not one number.", tensor);
    int type = tensor.type().getNumber();
    double number;
    if (type == FLOAT) {
      number = tensor.scalar();
    } else if (type == INT64) {
      number = tensor.longs()[0];
    } else {
      throw new UnsupportedGraphException("%s is no number of a mask.".formatted(tensor));
    }
    List<Dim> dims = tensor.dims().stream().map(Dim::of).toList();
    return new Masked(number, number, type, dims, -1);
  }

  private static Masked each(Masked one, int type, DoubleUnaryOperator change) {
    return new Masked(
        change.applyAsDouble(one.hidden), change.applyAsDouble(one.seen), type, one.dims, one.keys);
  }

  private Masked cast(NodeProto node) throws UnsupportedGraphException {
    Masked one = masked(graph.input(node, 0, 1));
    int type = (int) GraphReader.integer(node, "to", 0);
    if (type == BOOL) {
      return each(one, BOOL, x -> x != 0 ? 1 : 0);
    }
    graph.expect(
        type == FLOAT || ((type == INT64 || type == INT32) && one.type != FLOAT),
        "%s is cast to the type %s.",
        node.getOutput(0),
        type);
    return each(one, type, x -> x);
  }

  private Masked both(NodeProto node, boolean compares, DoubleBinaryOperator operator)
      throws UnsupportedGraphException {
    Masked one = masked(graph.input(node, 0, 2));
    Masked other = masked(graph.input(node, 1, 2));
    graph.expect(
        one.type == other.type && (compares || one.type != BOOL),
        "%s combines two types.",
        node.getOutput(0));
    return combined(
        node,
        List.of(one, other),
        operator.applyAsDouble(one.hidden, other.hidden),
        operator.applyAsDouble(one.seen, other.seen),
        compares ? BOOL : one.type);
  }

  private Masked where(NodeProto node) throws UnsupportedGraphException {
    Masked condition = masked(graph.input(node, 0, 3));
    Masked yes = masked(graph.input(node, 1, 3));
    Masked no = masked(graph.input(node, 2, 3));
    graph.expect(
        condition.type == BOOL && yes.type == no.type, "%s is no choice.", node.getOutput(0));
    return combined(
        node,
        List.of(condition, yes, no),
        condition.hidden != 0 ? yes.hidden : no.hidden,
        condition.seen != 0 ? yes.seen : no.seen,
        yes.type);
  }

  /** Combines operands; all must have the mask's tokens on the same axis, counted from the end. */
  private Masked combined(
      NodeProto node, List<Masked> operands, double hidden, double seen, int type)
      throws UnsupportedGraphException {
    List<Dim> dims = shapes.of(node.getOutput(0));
    List<Integer> ends =
        operands.stream().filter(one -> one.keys >= 0).map(Masked::keysFromEnd).distinct().toList();
    graph.expect(ends.size() == 1, "%s mixes the tokens of a mask.", node.getOutput(0));
    return new Masked(hidden, seen, type, dims, dims.size() - ends.get(0));
  }

  /** The same elements after a Reshape or Expand that only adds or repeats axes of size 1. */
  private Masked moved(String value, NodeProto node) throws UnsupportedGraphException {
    Masked one = masked(node.getInput(0));
    List<Dim> dims = shapes.of(value);
    int keys = dims.size() - one.keysFromEnd();
    if (node.getOpType().equals("Reshape")) {
      keys = dims.indexOf(Dim.TOKENS);
      graph.expect(withoutOnes(dims).equals(withoutOnes(one.dims)), "%s mixes axes.", value);
    }
    graph.expect(
        keys >= 0
            && dims.get(keys).equals(Dim.TOKENS)
            && Collections.frequency(one.dims, Dim.TOKENS) == 1,
        "%s mixes the tokens of a mask.",
        value);
    return new Masked(one.hidden, one.seen, one.type, dims, keys);
  }

  private static List<Dim> withoutOnes(List<Dim> dims) {
    List<Dim> rest = new ArrayList<>(dims);
    rest.removeIf(dim -> dim.is(1));
    return rest;
  }
}
