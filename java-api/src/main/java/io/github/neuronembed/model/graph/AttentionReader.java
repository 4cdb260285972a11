package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.NumberReader.Scaled;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import java.util.List;

/** Recognises multi-head attention with a mask that hides tokens. */
final class AttentionReader {

  private final GraphReader graph;
  private final ShapeReader shapes;
  private final MaskReader mask;
  private final NumberReader numbers;
  private final DenseReader dense;
  private final NormReader norms;

  // Every layer must have the same values; the first layer that is read sets them.
  private long heads;
  private float maskValue;

  AttentionReader(
      GraphReader graph,
      ShapeReader shapes,
      NumberReader numbers,
      DenseReader dense,
      NormReader norms) {
    this.graph = graph;
    this.shapes = shapes;
    this.mask = new MaskReader(graph, shapes);
    this.numbers = numbers;
    this.dense = dense;
    this.norms = norms;
  }

  long heads() {
    return heads;
  }

  /** What is added to the score of a token that the mask hides. */
  float maskValue() {
    return maskValue;
  }

  /** The projections of one attention. */
  record Attention(Linear query, Linear key, Linear value) {}

  /** Reads the attention that computes a value of the shape [batch, tokens, hidden]. */
  Read<Attention> read(String context) throws UnsupportedGraphException {
    NodeProto weighted = graph.node(mergedHeads(context), "MatMul");
    Scaled scores = scores(graph.input(weighted, 0, 2));
    NodeProto product = graph.node(scores.value(), "MatMul");
    Projected query = projected(graph.input(product, 0, 2), false);
    Projected key = projected(graph.input(product, 1, 2), true);
    Projected value = projected(graph.input(weighted, 1, 2), false);
    double factor = scores.factor() * query.factor * key.factor;
    long headSize = norms.hiddenSize() / heads;
    graph.expect(
        NumberReader.near(factor * Math.sqrt((double) headSize), 1) && value.factor == 1,
        "Scores of heads of %d values are multiplied by %s, and values by %s.",
        headSize,
        factor,
        value.factor);
    String input = query.linear.input();
    for (Projected one : List.of(query, key, value)) {
      graph.expectSame(one.linear.input(), input);
      dense.checkLinear(one.linear.weights(), norms.hiddenSize(), norms.hiddenSize());
    }
    return new Read<>(
        new Attention(query.linear.weights(), key.linear.weights(), value.linear.weights()), input);
  }

  /** The product of query and key from which the probabilities are computed, and its factor. */
  private Scaled scores(String probabilities) throws UnsupportedGraphException {
    NodeProto softmax = graph.node(numbers(probabilities), "Softmax");
    long axis = GraphReader.integer(softmax, "axis", 0);
    graph.expect(axis == 3 || axis == -1, "%s is along axis %d.", probabilities, axis);
    String masked = graph.input(softmax, 0, 1);
    if (graph.isComputedBy(masked, "Where")) {
      NodeProto choice = graph.node(masked, "Where");
      readMaskValue(mask.inPlace(graph.input(choice, 0, 3), graph.input(choice, 1, 3)));
      return numbers.scaled(graph.input(choice, 2, 3));
    }
    NodeProto sum = graph.node(masked, "Add");
    Scaled first = numbers.scaled(graph.input(sum, 0, 2));
    boolean isFirst = graph.isComputedBy(first.value(), "MatMul");
    readMaskValue(mask.added(graph.input(sum, isFirst ? 1 : 0, 2)));
    return isFirst ? first : numbers.scaled(graph.input(sum, 1, 2));
  }

  /**
   * Some exporters replace probabilities that are NaN by 0. Returns the probabilities before that.
   */
  private String numbers(String value) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Where")) {
      return value;
    }
    NodeProto choice = graph.node(value, "Where");
    NodeProto none = graph.node(graph.input(choice, 0, 3), "IsNaN");
    graph.expectSame(graph.input(none, 0, 1), graph.input(choice, 2, 3));
    graph.expect(graph.scalar(graph.input(choice, 1, 3)) == 0, "%s is no probability.", value);
    return graph.input(choice, 2, 3);
  }

  private void readMaskValue(float value) throws UnsupportedGraphException {
    graph.expect(
        maskValue == 0 || maskValue == value, "Layers hide tokens by %s and %s.", maskValue, value);
    maskValue = value;
  }

  private record Projected(Read<Linear> linear, double factor) {}

  /** A projection as [batch, heads, tokens, head] or, for keys, [batch, heads, head, tokens]. */
  private Projected projected(String value, boolean key) throws UnsupportedGraphException {
    Scaled outer = numbers.scaled(value);
    String heads = outer.value();
    double factor = outer.factor();
    boolean turned = key && isOrdered(heads, 0, 2, 3, 1);
    if (key && !turned) {
      Scaled inner = numbers.scaled(unturned(heads));
      heads = inner.value();
      factor *= inner.factor();
    }
    Scaled split = numbers.scaled(turned ? ordered(heads, 0, 2, 3, 1) : ordered(heads, 0, 2, 1, 3));
    Scaled whole = numbers.scaled(split(split.value()));
    return new Projected(dense.linear(whole.value()), factor * split.factor() * whole.factor());
  }

  /** Undoes the swap of the last two axes of a value of the shape [batch, heads, head, tokens]. */
  private String unturned(String value) throws UnsupportedGraphException {
    if (isOrdered(value, 0, 1, 3, 2)) {
      return ordered(value, 0, 1, 3, 2);
    }
    // The exporter that uses torch.export merges four axes into three before it swaps the last two.
    NodeProto four = graph.node(value, "Reshape");
    NodeProto three = graph.node(ordered(graph.input(four, 0, 2), 0, 2, 1), "Reshape");
    String heads = graph.input(three, 0, 2);
    List<Dim> from = shapes.of(heads);
    List<Dim> by = shapes.of(three.getOutput(0));
    graph.expect(
        from.size() == 4
            && by.size() == 3
            && by.subList(1, 3).equals(from.subList(2, 4))
            && shapes.of(value).equals(List.of(from.get(0), from.get(1), from.get(3), from.get(2))),
        "%s does not swap the axes of tokens and values.",
        value);
    return heads;
  }

  /** Returns the value of the shape [batch, tokens, hidden] that the graph splits into heads. */
  private String split(String value) throws UnsupportedGraphException {
    NodeProto reshape = graph.node(value, "Reshape");
    List<Dim> dims = shapes.of(value);
    expectTokens(value, dims, 4);
    long count = dims.get(2).factor();
    long size = dims.get(3).factor();
    graph.expect(
        dims.get(2).isNumber()
            && dims.get(3).isNumber()
            && count > 0
            && (heads == 0 || heads == count)
            && count * size == norms.hiddenSize(),
        "%s splits %d values into heads of %s.",
        value,
        norms.hiddenSize(),
        dims);
    heads = count;
    return graph.input(reshape, 0, 2);
  }

  /** Returns the heads' results, [batch, heads, tokens, head], before the graph merges them. */
  private String mergedHeads(String value) throws UnsupportedGraphException {
    NodeProto reshape = graph.node(value, "Reshape");
    List<Dim> dims = shapes.of(value);
    expectTokens(value, dims, 3);
    graph.expect(
        dims.get(2).is(norms.hiddenSize()), "%s merges the heads into %s values.", value, dims);
    return ordered(graph.input(reshape, 0, 2), 0, 2, 1, 3);
  }

  private void expectTokens(String value, List<Dim> dims, int rank)
      throws UnsupportedGraphException {
    graph.expect(
        dims.size() == rank && dims.get(0).equals(Dim.ROWS) && dims.get(1).equals(Dim.TOKENS),
        "%s has the axes %s, not those of rows and tokens.",
        value,
        dims);
  }

  private boolean isOrdered(String value, long... axes) {
    NodeProto node = graph.producer(value);
    return node != null
        && node.getOpType().equals("Transpose")
        && GraphReader.integers(node, "perm").equals(Tensor.list(axes));
  }

  private String ordered(String value, long... axes) throws UnsupportedGraphException {
    NodeProto transpose = graph.node(value, "Transpose");
    graph.expect(
        isOrdered(value, axes),
        "%s orders the axes as %s.",
        value,
        GraphReader.integers(transpose, "perm"));
    return graph.input(transpose, 0, 1);
  }
}
