package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.Layer;
import io.github.neuronembed.model.graph.BertEncoder.Table;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.List;

/**
 * An encoder whose rows hold several texts each, end to end, in standard ONNX operators.
 *
 * <p>Shapes in comments: B rows, S tokens, K texts, H hidden size, h heads of d values.
 */
final class PackedBertGraph extends PooledBertGraph {

  static final String STARTS = "starts";

  // Names of values that are used in several places.
  private static final String SEGMENT_STARTS = "segment.starts";
  private static final String POSITIONS = "positions";
  private static final String SAME = "same";
  private static final String MASK = "mask";
  private static final String TEXTS_MASK = "texts.mask";
  private static final String INDEX = "index";
  private static final String SEGMENT = "segment.row";
  private static final String MEMBERS = "members";
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  PackedBertGraph(BertEncoder encoder, PoolingStrategy pooling, boolean normalize) {
    super(encoder, pooling, normalize);
  }

  @Override
  GraphBuilder build() {
    graph.input(
        GraphBuilder.tensor(
            BertGraphReader.INPUT_IDS, TensorProto.DataType.INT64, BATCH, SEQUENCE));
    graph.input(GraphBuilder.tensor(STARTS, TensorProto.DataType.INT64, BATCH, STARTS));
    segments();
    String hidden = embeddings(encoder.embeddings());
    List<Layer> layers = encoder.layers();
    int last = layers.size() - 1;
    for (int i = 0; i < last; i++) {
      hidden = layer(i, attention(i, hidden, hidden, MASK), hidden);
    }
    String pooled =
        switch (pooling) {
          case CLS -> {
            String first = firstTokens(hidden);
            yield layer(last, attention(last, first, hidden, TEXTS_MASK), first);
          }
          case MEAN -> mean(layer(last, attention(last, hidden, hidden, MASK), hidden));
          case MAX, MEAN_SQRT_LEN_TOKENS, WEIGHTED_MEAN, LAST_TOKEN -> throw cannotPool();
        };
    output(pooled, BATCH, "texts");
    return graph;
  }

  // Where texts are.

  /**
   * Computes for each token the number of its segment, starting at 1, and its position in it. The
   * padding after the last text is a segment, too, so that each padding token attends to something.
   */
  private void segments() {
    String length = size(BertGraphReader.INPUT_IDS, "length");
    graph.node("Range", graph.integer("zero", 0), length, graph.integer("one", 1)).as(INDEX);
    String starts = graph.node("Unsqueeze", STARTS, axis(2)).as(SEGMENT_STARTS); // [B, K + 1, 1]
    String reached = graph.node("LessOrEqual", starts, INDEX).as("reached"); // [B, K + 1, S]
    reached = graph.node("Cast", reached).with("to", INT64).as("reached.integer");
    String segment =
        graph.node("ReduceSum", reached, axis(1)).with("keepdims", 0).as("segment"); // [B, S]
    String start = graph.node("Mul", reached, starts).as("reached.starts");
    start = graph.node("ReduceMax", start).withInts("axes", 1).with("keepdims", 0).as("start");
    graph.node("Sub", INDEX, start).as(POSITIONS); // [B, S]
    graph.node("Unsqueeze", segment, axis(1)).as(SEGMENT); // [B, 1, S]
    String column = graph.node("Unsqueeze", segment, axis(2)).as("segment.column");
    mask(graph.node("Equal", column, SEGMENT).as(SAME), MASK); // [B, 1, S, S]
    String number =
        graph
            .node("Range", graph.integer("one", 1), size(STARTS, "starts"), graph.integer("one", 1))
            .as("number"); // 1 to K
    number = graph.node("Unsqueeze", number, axis(1)).as("number.column");
    graph.node("Equal", number, SEGMENT).as(MEMBERS); // [B, K, S]
  }

  /** Computes n of a value {@code [B, n]}. */
  private String size(String value, String name) {
    String shape = graph.node("Shape", value).as(name + ".shape");
    return graph.node("Gather", shape, graph.integer("one", 1)).as(name + ".size");
  }

  private String axis(long axis) {
    return graph.longs("axis." + axis, axis);
  }

  /** Computes the term added to attention scores: 0 for a visible token, else the mask value. */
  private void mask(String seen, String as) {
    String mask =
        graph
            .node(
                "Where",
                seen,
                graph.scalar("shown", 0),
                graph.scalar("hidden", encoder.maskValue()))
            .as(as + ".tokens");
    graph.node("Unsqueeze", mask, axis(1)).as(as);
  }

  // Embeddings.

  private String embeddings(Embeddings embeddings) {
    String sum =
        graph
            .node("Gather", weight(embeddings.word().vectors()), BertGraphReader.INPUT_IDS)
            .as("word");
    Table table = embeddings.tokenType();
    if (table != null) {
      Tensor types = table.vectors();
      int rows = Math.toIntExact(types.dims().get(0));
      // Every token of a text has the first type.
      String type =
          graph.weight(
              Weight.of(
                  "token_type", types.type(), List.of(hiddenSize), List.of(row(types, 0, rows))));
      sum = graph.node("Add", sum, type).as("word_and_type");
    }
    Long padding = embeddings.padding();
    String position =
        graph
            .node(
                "Gather",
                weight(embeddings.position().vectors()),
                padding == null ? POSITIONS : counted(padding))
            .as("position");
    sum = graph.node("Add", sum, position).as("embeddings.sum");
    return normed("embeddings", sum, embeddings.norm());
  }

  /**
   * Computes positions that start, in each text, right after the padding token's id. A token's
   * number is the number of tokens in its text up to this token, without padding.
   */
  private String counted(long padding) {
    String counts = notPadding(padding);
    String column = graph.node("Unsqueeze", INDEX, axis(1)).as("index.column");
    String before = graph.node("LessOrEqual", INDEX, column).as("before"); // [S, S]
    before = graph.node("And", SAME, before).as("before.same"); // [B, S, S]
    before = graph.node("Cast", before).with("to", FLOAT).as("before.matrix");
    String number = graph.node("Cast", counts).with("to", FLOAT).as("padding.not.float");
    number = graph.node("Unsqueeze", number, axis(2)).as("padding.not.column"); // [B, S, 1]
    number = graph.node("MatMul", before, number).as("count.column");
    number = graph.node("Squeeze", number, axis(2)).as("count.float");
    number = graph.node("Cast", number).with("to", INT64).as("count");
    number = graph.node("Mul", number, counts).as("counted");
    return graph.node("Add", number, graph.integer("padding", padding)).as("positions.counted");
  }

  // Layers.

  /** Attention of some tokens to all tokens; the result has the shape of {@code tokens}. */
  private String attention(int index, String tokens, String all, String mask) {
    Layer layer = encoder.layers().get(index);
    String name = name(index);
    String query = heads(name + "query", tokens, layer.query(), 0, 2, 1, 3);
    String key = heads(name + "key", all, layer.key(), 0, 2, 3, 1); // [B, h, d, S]
    String value = heads(name + "value", all, layer.value(), 0, 2, 1, 3); // [B, h, S, d]
    String scores = graph.node("MatMul", query, key).as(name + "scores");
    scores = graph.node("Mul", scores, scoreScale()).as(name + "scores.scaled");
    scores = graph.node("Add", scores, mask).as(name + "scores.masked");
    String seen = graph.node("Softmax", scores).with("axis", -1).as(name + "probabilities");
    seen = graph.node("MatMul", seen, value).as(name + "context.heads");
    seen = graph.node("Transpose", seen).withInts("perm", 0, 2, 1, 3).as(name + "context.split");
    return graph
        .node("Reshape", seen, graph.longs("merged", 0, 0, hiddenSize))
        .as(name + "context");
  }

  private String heads(String name, String x, Linear linear, long... axes) {
    String split =
        graph
            .node("Reshape", dense(name, x, linear), graph.longs("per_head", 0, 0, heads, headSize))
            .as(name + ".split");
    return graph.node("Transpose", split).withInts("perm", axes).as(name + ".heads");
  }

  private String layer(int index, String context, String residual) {
    Layer layer = encoder.layers().get(index);
    String name = name(index);
    String attended = dense(name + "attention_output", context, layer.attentionOutput());
    attended = graph.node("Add", attended, residual).as(name + "attention_sum");
    attended = normed(name + "attention_norm", attended, layer.attentionNorm());
    String inner =
        gelu(name + "gelu", dense(name + "intermediate", attended, layer.intermediate()));
    String output = dense(name + "output", inner, layer.output());
    output = graph.node("Add", output, attended).as(name + "sum");
    return normed(name + "norm", output, layer.outputNorm());
  }

  @Override
  String dense(String name, String x, Linear linear) {
    String product = graph.node("MatMul", x, weight(linear.weight())).as(name + ".product");
    return graph.node("Add", product, weight(linear.bias())).as(name);
  }

  /** {@code 0.5 * (x * (1 + erf(x / sqrt(2))))}. */
  private String gelu(String name, String x) {
    String part =
        graph.node("Div", x, graph.scalar("root_of_two", (float) Math.sqrt(2))).as(name + ".part");
    part = graph.node("Erf", part).as(name + ".erf");
    part = graph.node("Add", part, graph.scalar("one.float", 1)).as(name + ".weight");
    part = graph.node("Mul", x, part).as(name + ".product");
    return graph.node("Mul", part, graph.scalar("half", 0.5f)).as(name);
  }

  // Pooling, [B, K, H].

  private String firstTokens(String tokens) {
    String starts =
        graph
            .node(
                "Slice",
                SEGMENT_STARTS,
                graph.longs("from.first", 0),
                graph.longs("to.last", -1),
                axis(1))
            .as("first.starts");
    String chosen = graph.node("Equal", starts, INDEX).as("first.chosen"); // [B, K, S]
    chosen = graph.node("Cast", chosen).with("to", FLOAT).as("first.matrix");
    mask(MEMBERS, TEXTS_MASK); // [B, 1, K, S]
    return graph.node("MatMul", chosen, tokens).as("first");
  }

  private String mean(String tokens) {
    String members = graph.node("Cast", MEMBERS).with("to", FLOAT).as("members.matrix");
    String sum = graph.node("MatMul", members, tokens).as("tokens.sum");
    String count = graph.node("ReduceSum", members, axis(2)).with("keepdims", 1).as("tokens.count");
    count = graph.node("Max", count, leastCount()).as("tokens.divisor");
    return graph.node("Div", sum, count).as("pooled");
  }
}
