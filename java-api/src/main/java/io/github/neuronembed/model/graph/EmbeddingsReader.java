package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.BertEncoder.Table;
import io.github.neuronembed.model.graph.Linear.Quantization;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the sum of word, position and, where there are any, token type vectors, in any order.
 */
final class EmbeddingsReader {

  private static final int INT32 = TensorProto.DataType.INT32.getNumber();
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  private final GraphReader graph;
  private final ShapeReader shapes;
  private final DenseReader dense;
  private final NormReader norms;

  EmbeddingsReader(GraphReader graph, ShapeReader shapes, DenseReader dense, NormReader norms) {
    this.graph = graph;
    this.shapes = shapes;
    this.dense = dense;
    this.norms = norms;
  }

  /** Whether a value is a sum that includes looked-up vectors. */
  boolean sumsLookups(String value) {
    NodeProto sum = graph.producer(value);
    return sum != null
        && sum.getOpType().equals("Add")
        && sum.getInputList().stream()
            .anyMatch(
                operand ->
                    graph.isComputedBy(operand, "Gather")
                        || graph.isComputedBy(operand, "DequantizeLinear")
                        || sumsLookups(operand));
  }

  Embeddings read(Read<LayerNorm> norm) throws UnsupportedGraphException {
    Table word = null;
    Table position = null;
    Table tokenType = null;
    boolean takesTypes = false;
    Long padding = null;
    List<String> terms = new ArrayList<>();
    addTerms(norm.input(), terms);
    for (String term : terms) {
      Read<Table> table = table(term);
      if (graph.isInput(table.input())) {
        if (table.input().equals(BertGraphReader.TOKEN_TYPE_IDS)) {
          graph.expectInput(table.input(), BertGraphReader.TOKEN_TYPE_IDS);
          tokenType = once(term, tokenType, table);
          takesTypes = true;
        } else {
          graph.expectInput(table.input(), BertGraphReader.INPUT_IDS);
          word = once(term, word, table);
        }
      } else if (isZero(table.input())) {
        expectBroadcast(table.input());
        readZero(table.input());
        tokenType = once(term, tokenType, table);
      } else {
        padding = readPositions(table.input(), table.weights().vectors().dims().get(0));
        position = once(term, position, table);
      }
    }
    if (word == null || position == null) {
      throw new UnsupportedGraphException(
          "%s is not the sum of word and position vectors.".formatted(norm.input()));
    }
    return new Embeddings(word, position, padding, tokenType, takesTypes, norm.weights());
  }

  private Table once(String term, @Nullable Table before, Read<Table> table)
      throws UnsupportedGraphException {
    graph.expect(before == null, "%s is a second vector of one kind.", term);
    return table.weights();
  }

  private void addTerms(String value, List<String> terms) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Add")) {
      terms.add(value);
      return;
    }
    NodeProto sum = graph.node(value, "Add");
    addTerms(graph.input(sum, 0, 2), terms);
    addTerms(graph.input(sum, 1, 2), terms);
    graph.expect(terms.size() <= 3, "%s has more than three terms.", value);
  }

  private Read<Table> table(String value) throws UnsupportedGraphException {
    Quantization quantization = null;
    String looked = value;
    if (graph.isComputedBy(value, "DequantizeLinear")) {
      NodeProto dequantize = graph.node(value, "DequantizeLinear");
      looked = graph.input(dequantize, 0, 3);
      quantization =
          new Quantization(
              graph.constant(graph.input(dequantize, 1, 3)),
              graph.constant(graph.input(dequantize, 2, 3)));
      graph.expect(quantization.scale().rank() == 0, "%s has a scale a column.", value);
    }
    NodeProto gather = graph.node(looked, "Gather");
    graph.expect(GraphReader.integer(gather, "axis", 0) == 0, "%s is not a row.", value);
    Tensor vectors = graph.constant(graph.input(gather, 0, 2));
    long hiddenSize = norms.hiddenSize();
    graph.expect(
        vectors.rank() == 2 && vectors.dims().get(1) == hiddenSize,
        "%s is not a table of vectors of %d values.",
        vectors,
        hiddenSize);
    dense.checkQuantized(vectors, quantization, hiddenSize);
    return new Read<>(new Table(vectors, quantization), graph.input(gather, 1, 2));
  }

  // Token types that are not an input: all tokens have the first type.

  private boolean isZero(String value) throws UnsupportedGraphException {
    if (graph.isConstant(value)) {
      Tensor tensor = graph.constant(value);
      return tensor.longs().length > 0 && Arrays.stream(tensor.longs()).allMatch(x -> x == 0);
    }
    NodeProto node = graph.producer(value);
    if (node == null) {
      return false;
    }
    return switch (node.getOpType()) {
      case "Expand", "Gather", "GatherElements", "Slice", "Unsqueeze" -> isZero(node.getInput(0));
      case "ConstantOfShape" -> graph.fill(node) == 0;
      default -> false;
    };
  }

  private void readZero(String value) throws UnsupportedGraphException {
    NodeProto node = graph.producer(value);
    if (node == null || graph.isConstant(value)) {
      return;
    }
    graph.read(node);
    shapes.of(value);
    if (!node.getOpType().equals("ConstantOfShape")) {
      readZero(node.getInput(0));
    }
  }

  /** Expects one value for all tokens, or one for each. */
  private void expectBroadcast(String value) throws UnsupportedGraphException {
    List<Dim> dims = shapes.of(value);
    int rank = dims.size();
    graph.expect(
        rank <= 2
            && (rank < 1 || dims.get(rank - 1).is(1) || dims.get(rank - 1).equals(Dim.TOKENS))
            && (rank < 2 || dims.get(0).is(1) || dims.get(0).equals(Dim.ROWS)),
        "%s has the axes %s, not those of rows and tokens.",
        value,
        dims);
  }

  // Positions.

  /**
   * Returns null if the positions are 0, 1, 2 and so on. Otherwise positions start right after the
   * padding token's id, and this method returns that id.
   */
  private @Nullable Long readPositions(String value, long positions)
      throws UnsupportedGraphException {
    List<Dim> dims = shapes.of(value);
    graph.expect(
        !dims.isEmpty() && dims.get(dims.size() - 1).equals(Dim.TOKENS),
        "%s has the axes %s, not that of tokens.",
        value,
        dims);
    expectBroadcast(value);
    String plain = value;
    for (NodeProto node = graph.producer(plain);
        node != null && isMoved(node);
        node = graph.producer(plain)) {
      graph.read(node);
      plain = graph.canonical(node.getInput(0));
    }
    if (graph.isComputedBy(plain, "Range")) {
      shapes.count(graph.node(plain, "Range"));
      return null;
    }
    if (graph.isComputedBy(plain, "Add")) {
      return counted(plain);
    }
    NodeProto slice = graph.node(plain, "Slice");
    Tensor all = graph.constant(slice.getInput(0));
    graph.expect(
        all.hasDims(1, positions)
            && Arrays.equals(all.longs(), LongStream.range(0, positions).toArray()),
        "%s are not the positions 0 to %d.",
        all,
        positions - 1);
    return null;
  }

  private static boolean isMoved(NodeProto node) {
    return isCast(node)
        || node.getOpType().equals("Expand")
        || node.getOpType().equals("Unsqueeze");
  }

  private static boolean isCast(NodeProto node) {
    long type = GraphReader.integer(node, "to", 0);
    return node.getOpType().equals("Cast") && (type == INT32 || type == INT64);
  }

  /**
   * {@code cumulative(ids != padding) * (ids != padding) + padding}: this numbers the tokens that
   * are not padding, starting right after the padding token's id. Transformers does so for RoBERTa.
   */
  private long counted(String value) throws UnsupportedGraphException {
    Term sum = term(value, "Add");
    NodeProto product = graph.node(uncast(sum.other), "Mul");
    String first = uncast(graph.input(product, 0, 2));
    String second = uncast(graph.input(product, 1, 2));
    boolean counts = graph.isComputedBy(first, "CumSum") || graph.isComputedBy(first, "Add");
    String count = counts ? first : second;
    while (graph.isComputedBy(count, "Add")) { // exporters add the number of past tokens, 0
      Term before = term(count, "Add");
      graph.expect(before.number == 0, "%s counts from %d.", value, before.number);
      count = uncast(before.other);
    }
    NodeProto cumulative = graph.node(count, "CumSum");
    Dim axis = shapes.integers().one(graph.input(cumulative, 1, 2));
    graph.expect(
        (axis.is(1) || axis.is(-1))
            && GraphReader.integer(cumulative, "exclusive", 0) == 0
            && GraphReader.integer(cumulative, "reverse", 0) == 0,
        "%s does not count tokens.",
        count);
    long padding = notPadding(uncast(graph.input(cumulative, 0, 2)));
    graph.expect(
        padding == sum.number && padding == notPadding(counts ? second : first) && padding >= 0,
        "%s counts from %d, and padding is %d.",
        value,
        sum.number,
        padding);
    return padding;
  }

  /** Returns the padding token's id of {@code not(ids == padding)}. */
  private long notPadding(String value) throws UnsupportedGraphException {
    Term equal = term(graph.input(graph.node(value, "Not"), 0, 1), "Equal");
    graph.expectInput(equal.other, BertGraphReader.INPUT_IDS);
    return equal.number;
  }

  private record Term(long number, String other) {}

  private Term term(String value, String operator) throws UnsupportedGraphException {
    String[] operands = graph.constantAndOther(value, operator);
    Dim number = shapes.integers().one(operands[0]);
    return new Term(number.factor(), operands[1]);
  }

  private String uncast(String value) throws UnsupportedGraphException {
    String plain = value;
    for (NodeProto node = graph.producer(plain);
        node != null && isCast(node);
        node = graph.producer(plain)) {
      graph.read(node);
      plain = graph.input(node, 0, 1);
    }
    return plain;
  }
}
