package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.Layer;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.BertEncoder.Table;
import io.github.neuronembed.model.graph.Linear.Quantization;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An encoder in ONNX Runtime's fused operators, down to one normalised vector a row.
 *
 * <p>Shapes in comments: B rows, S tokens, H hidden size, h heads of d values.
 */
final class FusedBertGraph extends PooledBertGraph {

  private static final int INT32 = TensorProto.DataType.INT32.getNumber();

  private @Nullable String integerMask;

  FusedBertGraph(BertEncoder encoder, PoolingStrategy pooling, boolean normalize) {
    super(encoder, pooling, normalize);
  }

  @Override
  GraphBuilder build() {
    input(BertGraphReader.INPUT_IDS);
    input(BertGraphReader.ATTENTION_MASK);
    if (encoder.embeddings().takesTypes()) {
      input(BertGraphReader.TOKEN_TYPE_IDS);
    }
    String hidden = embeddings(encoder.embeddings());
    List<Layer> layers = encoder.layers();
    int last = layers.size() - 1;
    for (int i = 0; i < last; i++) {
      hidden = layer(i, attention(i, hidden), hidden);
    }
    String pooled =
        switch (pooling) {
          case CLS -> {
            String first = first(hidden, "first");
            String context =
                encoder.quantized()
                    ? first(attention(last, hidden), "first.context")
                    : attentionOfFirst(last, hidden, first);
            yield layer(last, context, first);
          }
          case MEAN -> mean(layer(last, attention(last, hidden), hidden));
          case MAX, MEAN_SQRT_LEN_TOKENS, WEIGHTED_MEAN, LAST_TOKEN -> throw cannotPool();
        };
    output(pooled, BATCH);
    return graph;
  }

  private void input(String name) {
    graph.input(GraphBuilder.tensor(name, TensorProto.DataType.INT64, BATCH, SEQUENCE));
  }

  // Embeddings.

  private String embeddings(Embeddings embeddings) {
    String sum = lookup("word", embeddings.word(), BertGraphReader.INPUT_IDS);
    Table types = embeddings.tokenType();
    if (types != null) {
      String ids =
          embeddings.takesTypes()
              ? BertGraphReader.TOKEN_TYPE_IDS
              : graph.integer("first_index", 0);
      sum = graph.node("Add", sum, lookup("type", types, ids)).as("word_and_type");
    }
    sum = graph.node("Add", sum, position(embeddings)).as("embeddings.sum");
    return normed("embeddings", sum, embeddings.norm());
  }

  private String position(Embeddings embeddings) {
    if (embeddings.padding() != null) {
      return lookup("position", embeddings.position(), counted(embeddings.padding()));
    }
    String shape = graph.node("Shape", BertGraphReader.INPUT_IDS).as("input_shape");
    String length =
        graph.node("Slice", shape, graph.longs("one", 1), graph.longs("two", 2)).as("length");
    String rows =
        graph
            .node("Slice", weight(embeddings.position().vectors()), graph.longs("zero", 0), length)
            .as("position.rows");
    return dequantized("position", rows, embeddings.position().quantization());
  }

  /** Computes positions that start right after the padding token's id. */
  private String counted(long padding) {
    String counts = notPadding(padding);
    String count =
        graph.node("CumSum", counts, graph.integer("second_axis", 1)).as("position.count");
    count = graph.node("Mul", count, counts).as("position.counted");
    return graph.node("Add", count, graph.integer("padding", padding)).as("position.index");
  }

  private String lookup(String name, Table table, String ids) {
    String rows = graph.node("Gather", weight(table.vectors()), ids).as(name + ".rows");
    return dequantized(name, rows, table.quantization());
  }

  private String dequantized(String name, String rows, @Nullable Quantization quantization) {
    if (quantization == null) {
      return rows;
    }
    return graph
        .node(
            "DequantizeLinear",
            rows,
            weight(quantization.scale()),
            weight(quantization.zeroPoint()))
        .as(name);
  }

  // Layers.

  /** The part of a layer after attention, for all tokens or only for the first. */
  private String layer(int index, String context, String residual) {
    Layer layer = encoder.layers().get(index);
    String name = name(index);
    String attended = product(name + "attention_output", context, layer.attentionOutput());
    String normed =
        addAndNorm(
            name + "attention_norm",
            attended,
            residual,
            layer.attentionOutput(),
            layer.attentionNorm());
    String intermediate = product(name + "intermediate", normed, layer.intermediate());
    String activated =
        graph
            .contributed("BiasGelu", intermediate, weight(layer.intermediate().bias()))
            .as(name + "gelu");
    String output = product(name + "output", activated, layer.output());
    return addAndNorm(name + "norm", output, normed, layer.output(), layer.outputNorm());
  }

  /** {@code norm(product + bias + residual)}. */
  private String addAndNorm(
      String name, String product, String residual, Linear linear, LayerNorm norm) {
    return graph
        .contributed(
            "SkipLayerNormalization",
            product,
            residual,
            weight(norm.scale()),
            weight(norm.bias()),
            weight(linear.bias()))
        .with("epsilon", norm.epsilon())
        .as(name);
  }

  @Override
  String dense(String name, String x, Linear linear) {
    return graph.node("Add", product(name + ".product", x, linear), weight(linear.bias())).as(name);
  }

  /** {@code x · weight}, without the bias. */
  private String product(String name, String x, Linear linear) {
    Quantization quantization = linear.quantization();
    if (quantization == null) {
      return graph.node("MatMul", x, weight(linear.weight())).as(name);
    }
    Quantized input = quantized(x);
    String product =
        graph
            .node(
                "MatMulInteger",
                input.values,
                weight(linear.weight()),
                input.zeroPoint,
                weight(quantization.zeroPoint()))
            .as(name + ".integers");
    String scale = graph.node("Mul", input.scale, weight(quantization.scale())).as(name + ".scale");
    String floats = graph.node("Cast", product).with("to", FLOAT).as(name + ".floats");
    return graph.node("Mul", floats, scale).as(name);
  }

  /** A value as uint8, with the scale and zero point to restore it. */
  private record Quantized(String values, String scale, String zeroPoint) {}

  private Quantized quantized(String x) {
    Quantized quantized = new Quantized(x + ".uint8", x + ".scale", x + ".zero_point");
    graph
        .node("DynamicQuantizeLinear", x)
        .as(quantized.values, quantized.scale, quantized.zeroPoint);
    return quantized;
  }

  // Attention.

  /** Attention of all tokens to each other; input and result are {@code [B, S, H]}. */
  private String attention(int index, String hidden) {
    Layer layer = encoder.layers().get(index);
    List<Linear> projections = List.of(layer.query(), layer.key(), layer.value());
    String name = name(index);
    String weight =
        sideBySide(name + "qkv.weight", projections.stream().map(Linear::weight).toList());
    String bias = sideBySide(name + "qkv.bias", projections.stream().map(Linear::bias).toList());
    String mask = integerMask();
    GraphBuilder.Node attention;
    if (encoder.quantized()) {
      List<Quantization> quantizations =
          projections.stream().flatMap(linear -> Stream.ofNullable(linear.quantization())).toList();
      Quantized input = quantized(hidden);
      attention =
          graph.contributed(
              "QAttention",
              input.values,
              weight,
              bias,
              input.scale,
              sideBySide(
                  name + "qkv.scale", quantizations.stream().map(Quantization::scale).toList()),
              mask,
              input.zeroPoint,
              sideBySide(
                  name + "qkv.zero_point",
                  quantizations.stream().map(Quantization::zeroPoint).toList()));
    } else {
      attention = graph.contributed("Attention", hidden, weight, bias, mask);
    }
    return attention
        .with("num_heads", heads)
        .with("mask_filter_value", encoder.maskValue())
        .as(name + "context");
  }

  /**
   * Attention of the first token to all tokens, {@code [B, H]}. With one query, the keys and values
   * of the other tokens are not needed: {@code q · (x Wk)ᵀ = (q Wkᵀ) · xᵀ} and {@code p · (x Wv) =
   * (p · x) Wv}. This costs {@code B h H} products instead of {@code B S H²}. The key's bias adds
   * the same number to all scores of a query, which does not change the softmax. The probabilities
   * sum to 1, so the value's bias is added once.
   */
  private String attentionOfFirst(int index, String hidden, String first) {
    Layer layer = encoder.layers().get(index);
    String name = name(index);
    String query = product(name + "query.product", first, layer.query());
    query = graph.node("Add", query, weight(layer.query().bias())).as(name + "query");
    query = swapped(split(query, name + "query.split"), name + "query.heads"); // [h, B, d]
    String keys = split(weight(layer.key().weight()), name + "key.split"); // [H, h, d]
    keys = graph.node("Transpose", keys).withInts("perm", 1, 2, 0).as(name + "key.heads");
    String asked = graph.node("MatMul", query, keys).as(name + "asked"); // [h, B, H]
    asked = swapped(asked, name + "asked.rows"); // [B, h, H]
    String tokens =
        graph.node("Transpose", hidden).withInts("perm", 0, 2, 1).as(name + "tokens"); // [B, H, S]
    String scores = graph.node("MatMul", asked, tokens).as(name + "scores"); // [B, h, S]
    scores = graph.node("Mul", scores, scoreScale()).as(name + "scores.scaled");
    scores = graph.node("Add", scores, hiding()).as(name + "scores.masked");
    String seen = graph.node("Softmax", scores).with("axis", -1).as(name + "probabilities");
    seen = graph.node("MatMul", seen, hidden).as(name + "seen"); // [B, h, H]
    seen = swapped(seen, name + "seen.heads"); // [h, B, H]
    String values = split(weight(layer.value().weight()), name + "value.split");
    values = swapped(values, name + "value.heads"); // [h, H, d]
    String context = graph.node("MatMul", seen, values).as(name + "context.heads"); // [h, B, d]
    context = swapped(context, name + "context.split"); // [B, h, d]
    context =
        graph
            .node("Reshape", context, graph.longs("merged", 0, hiddenSize))
            .as(name + "context.product");
    return graph.node("Add", context, weight(layer.value().bias())).as(name + "context");
  }

  /** The term added to the first token's scores: 0 or the mask value; [B, 1, S]. */
  private String hiding() {
    String hidden = graph.node("Sub", graph.scalar("shown", 1), floatMask()).as("mask.inverted");
    return graph
        .node("Mul", hidden, graph.scalar("mask_value", encoder.maskValue()))
        .as("mask.hiding");
  }

  /** The mask in the form that the fused operators take, [B, S]. */
  private String integerMask() {
    if (integerMask == null) {
      integerMask =
          graph.node("Cast", BertGraphReader.ATTENTION_MASK).with("to", INT32).as("mask.integer");
    }
    return integerMask;
  }

  /** [B, 1, S]. */
  private String floatMask() {
    String mask =
        graph.node("Cast", BertGraphReader.ATTENTION_MASK).with("to", FLOAT).as("mask.float");
    return graph.node("Unsqueeze", mask, graph.longs("one", 1)).as("mask.row");
  }

  private String split(String x, String as) {
    return graph.node("Reshape", x, graph.longs("per_head", 0, heads, headSize)).as(as);
  }

  private String swapped(String x, String as) {
    return graph.node("Transpose", x).withInts("perm", 1, 0, 2).as(as);
  }

  // Pooling.

  private String first(String tokens, String as) {
    return graph.node("Gather", tokens, graph.integer("first_index", 0)).with("axis", 1).as(as);
  }

  /** The mean of the tokens that are not padding, {@code [B, H]}. */
  private String mean(String tokens) {
    String mask = floatMask();
    String sum = graph.node("MatMul", mask, tokens).as("tokens.sum"); // [B, 1, H]
    String count = graph.node("ReduceSum", mask, graph.longs("two", 2)).as("tokens.count");
    count = graph.node("Max", count, leastCount()).as("tokens.divisor");
    String mean = graph.node("Div", sum, count).as("tokens.mean");
    return graph.node("Squeeze", mean, graph.longs("one", 1)).as("pooled");
  }

  // Weights.

  /** Joins matrices or vectors along their last axis. */
  private String sideBySide(String name, List<Tensor> tensors) {
    Tensor model = tensors.get(0);
    int rows = model.rank() == 2 ? Math.toIntExact(model.dims().get(0)) : 1;
    long columns = tensors.stream().mapToLong(one -> one.dims().get(one.rank() - 1)).sum();
    Iterable<ByteBuffer> parts =
        () ->
            IntStream.range(0, rows)
                .boxed()
                .flatMap(row -> tensors.stream().map(tensor -> row(tensor, row, rows)))
                .iterator();
    List<Long> dims = model.rank() == 2 ? List.of((long) rows, columns) : List.of(columns);
    return graph.weight(Weight.of(name, model.type(), dims, parts));
  }
}
