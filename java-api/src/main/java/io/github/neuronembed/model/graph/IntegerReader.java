package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.NodeProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Computes the integers that a graph computes from constants and axes before it runs. */
final class IntegerReader {

  private final GraphReader graph;
  private final ShapeReader shapes;

  IntegerReader(GraphReader graph, ShapeReader shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /**
   * Integers that are known before the graph runs.
   *
   * @param rank 0 for one number, 1 for a list
   */
  record Integers(int rank, List<Dim> values) {}

  /** An integer that is known before the graph runs. */
  Dim one(String value) throws UnsupportedGraphException {
    List<Dim> values = read(value).values();
    graph.expect(values.size() == 1, "%s is not one integer.", value);
    return values.get(0);
  }

  /** An integer of that rank, 0 or 1. */
  Dim one(String value, int rank) throws UnsupportedGraphException {
    graph.expect(read(value).rank() == rank, "%s has no %s axes.", value, rank);
    return one(value);
  }

  /** The axes that an Unsqueeze adds, in ascending order. */
  List<Long> axes(NodeProto node) throws UnsupportedGraphException {
    if (node.getInputCount() < 2) { // before operator set 13
      return GraphReader.integers(node, "axes");
    }
    Tensor axes = graph.constant(node.getInput(1));
    graph.expect(axes.rank() == 1, "%s are no axes.", axes);
    return Tensor.list(axes.longs());
  }

  /** Integers that a graph computes from constants and shapes. Marks all nodes used as read. */
  Integers read(String named) throws UnsupportedGraphException {
    String value = graph.canonical(named);
    if (graph.isConstant(value)) {
      Tensor tensor = graph.constant(value);
      graph.expect(
          tensor.rank() <= 1 && tensor.longs().length == tensor.elements(),
          "%s are no integers of a shape.",
          tensor);
      return new Integers(
          tensor.rank(), Tensor.list(tensor.longs()).stream().map(Dim::of).toList());
    }
    NodeProto node = graph.producer(value);
    if (node == null) {
      throw new UnsupportedGraphException("%s is no part of a shape.".formatted(value));
    }
    graph.read(node);
    return switch (node.getOpType()) {
      case "Shape" -> {
        List<Dim> all = shapes.of(graph.input(node, 0, 1));
        int from = place(GraphReader.integer(node, "start", 0), all.size());
        int to = place(GraphReader.integer(node, "end", all.size()), all.size());
        yield new Integers(1, from < to ? all.subList(from, to) : List.of());
      }
      case "Cast" -> read(graph.input(node, 0, 1));
      case "Gather" -> {
        Integers all = list(graph.input(node, 0, 2));
        Integers at = read(graph.input(node, 1, 2));
        List<Dim> chosen = new ArrayList<>();
        for (Dim index : at.values) {
          graph.expect(
              index.isNumber()
                  && index.factor() < all.values.size()
                  && index.factor() >= -all.values.size(),
              "%s is outside of a shape.",
              value);
          chosen.add(all.values.get(place(index.factor(), all.values.size())));
        }
        graph.expect(GraphReader.integer(node, "axis", 0) == 0, "%s is not a size.", value);
        yield new Integers(at.rank, chosen);
      }
      case "Unsqueeze" -> {
        Integers one = read(node.getInput(0));
        graph.expect(one.rank == 0 && axes(node).equals(List.of(0L)), "%s is no size.", value);
        yield new Integers(1, one.values);
      }
      case "Squeeze" -> {
        Integers one = list(node.getInput(0));
        graph.expect(
            one.values.size() == 1 && (node.getInputCount() == 1 || axes(node).equals(List.of(0L))),
            "%s is no size.",
            value);
        yield new Integers(0, one.values);
      }
      case "Reshape" -> {
        Integers all = read(graph.input(node, 0, 2));
        List<Dim> shape = list(graph.input(node, 1, 2)).values;
        graph.expect(
            shape.size() <= 1 && (shape.isEmpty() ? all.values.size() == 1 : fits(shape, all)),
            "%s is no list.",
            value);
        yield new Integers(shape.size(), all.values);
      }
      case "Concat" -> {
        graph.expect(GraphReader.integer(node, "axis", -1) == 0, "%s is not a shape.", value);
        List<Dim> all = new ArrayList<>();
        for (String part : node.getInputList()) {
          all.addAll(list(part).values);
        }
        yield new Integers(1, all);
      }
      case "Slice" -> slice(node);
      case "ConstantOfShape" -> {
        List<Dim> count = list(graph.input(node, 0, 1)).values;
        graph.expect(
            count.size() == 1 && count.get(0).isNumber() && count.get(0).factor() < 16,
            "%s is no list.",
            value);
        long fill = graph.fill(node);
        yield new Integers(1, Collections.nCopies((int) count.get(0).factor(), Dim.of(fill)));
      }
      case "Mul", "Equal", "Where" -> elementwise(node);
      default ->
          throw new UnsupportedGraphException(
              "%s, computed by %s, is no part of a shape.".formatted(value, node.getOpType()));
    };
  }

  private static boolean fits(List<Dim> shape, Integers all) {
    return shape.get(0).is(-1) || shape.get(0).is(all.values.size());
  }

  private Integers list(String value) throws UnsupportedGraphException {
    Integers all = read(value);
    graph.expect(all.rank == 1, "%s is no list.", value);
    return all;
  }

  private static int place(long index, int size) {
    return (int) Math.max(0, Math.min(size, index < 0 ? index + size : index));
  }

  private Integers slice(NodeProto node) throws UnsupportedGraphException {
    String value = node.getOutput(0);
    List<Dim> all = list(node.getInput(0)).values;
    List<Long> bounds = new ArrayList<>();
    for (int i = 1; i < node.getInputCount(); i++) {
      List<Dim> one = list(node.getInput(i)).values;
      graph.expect(one.size() == 1 && one.get(0).isNumber(), "%s is no part.", value);
      bounds.add(one.get(0).factor());
    }
    graph.expect(
        bounds.size() >= 2
            && (bounds.size() < 3 || bounds.get(2) == 0)
            && (bounds.size() < 4 || bounds.get(3) == 1),
        "%s is no part of a shape.",
        value);
    int from = place(bounds.get(0), all.size());
    int to = place(bounds.get(1), all.size());
    return new Integers(1, from < to ? all.subList(from, to) : List.of());
  }

  private Integers elementwise(NodeProto node) throws UnsupportedGraphException {
    List<Integers> operands = new ArrayList<>();
    for (String operand : node.getInputList()) {
      operands.add(read(operand));
    }
    int size = operands.stream().mapToInt(one -> one.values.size()).max().orElse(0);
    List<Dim> all = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Dim[] at = new Dim[operands.size()];
      for (int j = 0; j < at.length; j++) {
        List<Dim> values = operands.get(j).values;
        graph.expect(
            values.size() == size || values.size() == 1,
            "%s combines lists of different lengths.",
            node.getOutput(0));
        at[j] = values.get(values.size() == 1 ? 0 : i);
      }
      all.add(
          switch (node.getOpType()) {
            case "Mul" -> at[0].times(at[1]);
            case "Equal" -> Dim.of(at[0].equals(at[1]) ? 1 : 0);
            default -> at[0].is(0) ? at[2] : at[1];
          });
    }
    return new Integers(operands.stream().mapToInt(Integers::rank).max().orElse(0), all);
  }
}
