package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.Layer;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.BertEncoder.Table;
import io.github.neuronembed.model.graph.Linear.Quantization;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.OperatorSetIdProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Recognises a BERT encoder in the operators that PyTorch's exporter makes of the Hugging Face
 * model (attention, layer norms and GELU written out), and in what dynamic quantization makes of
 * those. It goes from the output to the inputs and takes nothing for granted: each operator,
 * attribute, constant and dimension is checked, and in the end nothing may be left over.
 */
final class BertGraphReader {

  static final String INPUT_IDS = "input_ids";
  static final String ATTENTION_MASK = "attention_mask";
  static final String TOKEN_TYPE_IDS = "token_type_ids";

  /** Versions of the operator set in which the operators below mean what is read here. */
  private static final long OLDEST_OPSET = 11;

  private static final long NEWEST_OPSET = 17;

  /** Largest value that hides a token from float32 scores as surely as minus infinity. */
  private static final float LARGEST_MASK_VALUE = -10_000;

  private static final float TOLERANCE = 1e-6f;
  private static final long FLOAT = TensorProto.DataType.FLOAT.getNumber();

  private final ModelProto model;
  private final GraphReader graph;
  private final List<Layer> layers = new ArrayList<>();

  // The same in every layer; set by the one that is read first.
  private long hiddenSize;
  private long heads;
  private float maskValue;
  private float divisor;

  BertGraphReader(OnnxModel model) throws UnsupportedGraphException {
    this.model = model.proto();
    this.graph = new GraphReader(model.proto().getGraph(), model.rawData());
  }

  BertEncoder read() throws UnsupportedGraphException {
    checkOpset();
    GraphProto proto = model.getGraph();
    graph.expect(
        proto.getOutputCount() == 1, "The model has %d outputs, not 1.", proto.getOutputCount());
    Read<LayerNorm> norm = layerNorm(proto.getOutput(0).getName());
    while (!sumsEmbeddings(norm.input)) {
      norm = layer(norm);
    }
    graph.expect(!layers.isEmpty(), "The graph has no encoder layer.");
    Collections.reverse(layers);
    Embeddings embeddings = embeddings(norm);
    graph.expectAllSeen();
    return new BertEncoder(hiddenSize, heads, maskValue, embeddings, List.copyOf(layers));
  }

  /** Weights, and the value that they are applied to. */
  private record Read<T>(T weights, String input) {}

  private void checkOpset() throws UnsupportedGraphException {
    for (OperatorSetIdProto opset : model.getOpsetImportList()) {
      if (opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx")) {
        graph.expect(
            opset.getVersion() >= OLDEST_OPSET && opset.getVersion() <= NEWEST_OPSET,
            "The graph uses operator set %d; %d to %d are known.",
            opset.getVersion(),
            OLDEST_OPSET,
            NEWEST_OPSET);
      }
    }
  }

  /** Reads the layer that a norm ends, and the norm of the layer before it. */
  private Read<LayerNorm> layer(Read<LayerNorm> outputNorm) throws UnsupportedGraphException {
    String[] outputSum = linearAndResidual(outputNorm.input);
    Read<Linear> output = linear(outputSum[0]);
    Read<Linear> intermediate = linear(gelu(output.input));
    expectSame(intermediate.input, outputSum[1]);
    Read<LayerNorm> attentionNorm = layerNorm(outputSum[1]);

    String[] attentionSum = linearAndResidual(attentionNorm.input);
    Read<Linear> attentionOutput = linear(attentionSum[0]);
    NodeProto weighted = graph.node(mergedHeads(attentionOutput.input), "MatMul");
    NodeProto scores = scores(graph.input(weighted, 0, 2));
    Read<Linear> query = head(graph.input(scores, 0, 2), 0, 2, 1, 3);
    Read<Linear> key = head(graph.input(scores, 1, 2), 0, 2, 3, 1);
    Read<Linear> value = head(graph.input(weighted, 1, 2), 0, 2, 1, 3);
    for (Read<Linear> one : List.of(query, key, value)) {
      expectSame(one.input, attentionSum[1]);
      checkLinear(one.weights, hiddenSize, hiddenSize);
    }
    checkLinear(attentionOutput.weights, hiddenSize, hiddenSize);
    Tensor wide = intermediate.weights.weight();
    graph.expect(wide.rank() == 2, "%s is not a matrix.", wide);
    checkLinear(intermediate.weights, hiddenSize, intermediate.weights.outputs());
    checkLinear(output.weights, intermediate.weights.outputs(), hiddenSize);
    Layer layer =
        new Layer(
            query.weights,
            key.weights,
            value.weights,
            attentionOutput.weights,
            attentionNorm.weights,
            intermediate.weights,
            output.weights,
            outputNorm.weights);
    for (Linear linear : layer.linears()) {
      graph.expect(
          (linear.quantization() == null) == (query.weights.quantization() == null),
          "Of one layer, %s is quantized and %s is not.",
          linear.weight(),
          query.weights.weight());
    }
    layers.add(layer);
    return layerNorm(attentionSum[1]);
  }

  private void expectSame(String value, String expected) throws UnsupportedGraphException {
    graph.expect(value.equals(expected), "%s is used where %s is expected.", value, expected);
  }

  /** Splits a sum into what a dense layer computes and what passes it by. */
  private String[] linearAndResidual(String value) throws UnsupportedGraphException {
    NodeProto sum = graph.node(value, "Add");
    String first = graph.input(sum, 0, 2);
    String second = graph.input(sum, 1, 2);
    return isLinear(first) ? new String[] {first, second} : new String[] {second, first};
  }

  // Attention.

  /** The product of query and key, of which the probabilities are made. */
  private NodeProto scores(String probabilities) throws UnsupportedGraphException {
    NodeProto softmax = graph.node(probabilities, "Softmax");
    long axis = GraphReader.integer(softmax, "axis", 0);
    graph.expect(axis == 3 || axis == -1, "%s is along axis %d.", probabilities, axis);
    NodeProto sum = graph.node(graph.input(softmax, 0, 1), "Add");
    int scaled = graph.isComputedBy(graph.input(sum, 0, 2), "Div") ? 0 : 1;
    NodeProto division = graph.node(graph.input(sum, scaled, 2), "Div");
    readMask(graph.input(sum, 1 - scaled, 2));
    NodeProto scores = graph.node(graph.input(division, 0, 2), "MatMul");
    divisor = graph.scalar(graph.input(division, 1, 2));
    return scores;
  }

  /** What is added to the scores: {@code (1 - attention_mask) * maskValue}, [batch, 1, 1, keys]. */
  private void readMask(String value) throws UnsupportedGraphException {
    String[] product = constantAndOther(value, "Mul");
    float hides = graph.scalar(product[0]);
    graph.expect(
        hides <= LARGEST_MASK_VALUE && (maskValue == 0 || hides == maskValue),
        "The mask %s adds %s to hidden tokens.",
        value,
        hides);
    maskValue = hides;
    NodeProto inverted = graph.node(product[1], "Sub");
    expectScalar(graph.input(inverted, 0, 2), 1);
    NodeProto cast = graph.node(graph.input(inverted, 1, 2), "Cast");
    graph.expect(GraphReader.integer(cast, "to", 0) == FLOAT, "%s is not cast to float32.", value);
    String keys = unsqueezed(graph.input(cast, 0, 1), 2);
    graph.expectInput(unsqueezed(keys, 1), ATTENTION_MASK);
  }

  /** A projection as [batch, heads, tokens, head] or, for keys, [batch, heads, head, tokens]. */
  private Read<Linear> head(String value, Integer... axes) throws UnsupportedGraphException {
    String split = transposed(value, axes);
    NodeProto reshape = graph.node(split, "Reshape");
    String projected = graph.input(reshape, 0, 2);
    List<Long> sizes = sizes(graph.input(reshape, 1, 2), projected, 2);
    graph.expect(
        (heads == 0 || heads == sizes.get(0)) && sizes.get(0) * sizes.get(1) == hiddenSize,
        "%s splits %d values into heads of %s.",
        split,
        hiddenSize,
        sizes);
    heads = sizes.get(0);
    graph.expect(
        Math.abs(divisor / Math.sqrt(sizes.get(1)) - 1) < TOLERANCE,
        "Scores of heads of %d values are divided by %s.",
        sizes.get(1),
        divisor);
    return linear(projected);
  }

  /** The heads' results side by side: [batch, heads, tokens, head], before it is merged. */
  private String mergedHeads(String value) throws UnsupportedGraphException {
    NodeProto reshape = graph.node(value, "Reshape");
    String perHead = graph.input(reshape, 0, 2);
    List<Long> sizes = sizes(graph.input(reshape, 1, 2), perHead, 1);
    graph.expect(sizes.get(0) == hiddenSize, "%s merges the heads into %s values.", value, sizes);
    return transposed(perHead, 0, 2, 1, 3);
  }

  private String transposed(String value, Integer... axes) throws UnsupportedGraphException {
    NodeProto transpose = graph.node(value, "Transpose");
    List<Long> order = GraphReader.integers(transpose, "perm");
    graph.expect(
        order.equals(Arrays.stream(axes).map(Integer::longValue).toList()),
        "%s orders the axes as %s.",
        value,
        order);
    return graph.input(transpose, 0, 1);
  }

  /** Of a shape that keeps batch and tokens of a value: the sizes that follow. */
  private List<Long> sizes(String shape, String of, int count) throws UnsupportedGraphException {
    NodeProto concat = graph.node(shape, "Concat");
    graph.expect(GraphReader.integer(concat, "axis", -1) == 0, "%s is not a shape.", shape);
    for (int axis = 0; axis < 2; axis++) {
      expectSizeOf(unsqueezed(graph.input(concat, axis, 2 + count), 0), of, axis);
    }
    List<Long> sizes = new ArrayList<>();
    for (int axis = 2; axis < 2 + count; axis++) {
      Tensor size = graph.constant(graph.input(concat, axis, 2 + count));
      graph.expect(
          size.hasDims(1) && size.longs().length == 1 && size.longs()[0] > 0,
          "%s has no fixed axis %d.",
          shape,
          axis);
      sizes.add(size.longs()[0]);
    }
    return sizes;
  }

  private void expectSizeOf(String value, String of, long axis) throws UnsupportedGraphException {
    NodeProto gather = graph.node(value, "Gather");
    graph.expect(GraphReader.integer(gather, "axis", 0) == 0, "%s is not a size.", value);
    expectLong(graph.input(gather, 1, 2), 0, axis);
    NodeProto shape = graph.node(graph.input(gather, 0, 2), "Shape");
    graph.expect(shape.getAttributeCount() == 0, "%s is a part of a shape.", value);
    expectSame(graph.input(shape, 0, 1), of);
  }

  // Dense layers, norms, GELU.

  private boolean isLinear(String value) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Add")) {
      return false;
    }
    String product = constantAndOther(value, "Add")[1];
    return graph.isComputedBy(product, "MatMul") || isDequantizedProduct(product);
  }

  private boolean isDequantizedProduct(String value) throws UnsupportedGraphException {
    return graph.isComputedBy(value, "Mul")
        && graph.isComputedBy(graph.input(graph.node(value, "Mul"), 0, 2), "Cast");
  }

  private Read<Linear> linear(String value) throws UnsupportedGraphException {
    String[] sum = constantAndOther(value, "Add");
    Tensor bias = graph.constant(sum[0]);
    if (isDequantizedProduct(sum[1])) {
      return quantizedLinear(sum[1], bias);
    }
    NodeProto product = graph.node(sum[1], "MatMul");
    Tensor weight = graph.constant(graph.input(product, 1, 2));
    return new Read<>(new Linear(weight, bias, null), graph.input(product, 0, 2));
  }

  /** {@code float(quantize(x) · weight) * (scale of x * scale of weight)}. */
  private Read<Linear> quantizedLinear(String value, Tensor bias) throws UnsupportedGraphException {
    NodeProto dequantized = graph.node(value, "Mul");
    NodeProto cast = graph.node(graph.input(dequantized, 0, 2), "Cast");
    graph.expect(GraphReader.integer(cast, "to", 0) == FLOAT, "%s is not made of float32.", value);
    NodeProto product = graph.node(graph.input(cast, 0, 1), "MatMulInteger");
    NodeProto quantize = graph.node(graph.input(product, 0, 4), "DynamicQuantizeLinear");
    graph.expect(
        quantize.getOutputCount() == 3
            && quantize.getOutput(0).equals(product.getInput(0))
            && quantize.getOutput(2).equals(product.getInput(2)),
        "%s does not multiply what %s quantizes.",
        product.getName(),
        quantize.getName());
    NodeProto scales = graph.node(graph.input(dequantized, 1, 2), "Mul");
    expectSame(graph.input(scales, 0, 2), quantize.getOutput(1));
    Quantization quantization =
        new Quantization(
            graph.constant(graph.input(scales, 1, 2)), graph.constant(product.getInput(3)));
    Tensor weight = graph.constant(product.getInput(1));
    return new Read<>(new Linear(weight, bias, quantization), graph.input(quantize, 0, 1));
  }

  private void checkLinear(Linear linear, long inputs, long outputs)
      throws UnsupportedGraphException {
    graph.expect(
        linear.weight().hasDims(inputs, outputs) && linear.bias().isFloat(outputs),
        "%s with the bias %s is not a layer of %d to %d values.",
        linear.weight(),
        linear.bias(),
        inputs,
        outputs);
    checkQuantized(linear.weight(), linear.quantization(), outputs);
  }

  /** Checks element types and, of quantized tensors, that there is a scale a column or one. */
  private void checkQuantized(Tensor tensor, @Nullable Quantization quantization, long columns)
      throws UnsupportedGraphException {
    if (quantization == null) {
      graph.expect(tensor.type() == TensorProto.DataType.FLOAT, "%s is not float32.", tensor);
      return;
    }
    graph.expect(
        tensor.type() == TensorProto.DataType.INT8 || tensor.type() == TensorProto.DataType.UINT8,
        "%s is neither int8 nor uint8.",
        tensor);
    Tensor scale = quantization.scale();
    Tensor zeroPoint = quantization.zeroPoint();
    graph.expect(
        (scale.isFloat() || scale.isFloat(columns))
            && zeroPoint.type() == tensor.type()
            && zeroPoint.dims().equals(scale.dims()),
        "%s has the scale %s and the zero point %s.",
        tensor,
        scale,
        zeroPoint);
  }

  /** The input of {@code 0.5 * (x * (1 + erf(x / sqrt(2))))}. */
  private String gelu(String value) throws UnsupportedGraphException {
    String[] halved = constantAndOther(value, "Mul");
    expectScalar(halved[0], 0.5f);
    NodeProto product = graph.node(halved[1], "Mul");
    String x = graph.input(product, 0, 2);
    String[] sum = constantAndOther(graph.input(product, 1, 2), "Add");
    expectScalar(sum[0], 1);
    NodeProto erf = graph.node(sum[1], "Erf");
    NodeProto division = graph.node(graph.input(erf, 0, 1), "Div");
    expectScalar(graph.input(division, 1, 2), (float) Math.sqrt(2));
    expectSame(graph.input(division, 0, 2), x);
    return x;
  }

  /** {@code (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias}. */
  private Read<LayerNorm> layerNorm(String value) throws UnsupportedGraphException {
    String[] sum = constantAndOther(value, "Add");
    String[] product = constantAndOther(sum[1], "Mul");
    NodeProto division = graph.node(product[1], "Div");
    String centred = graph.input(division, 0, 2);
    NodeProto root = graph.node(graph.input(division, 1, 2), "Sqrt");
    String[] variance = constantAndOther(graph.input(root, 0, 1), "Add");
    NodeProto square = graph.node(mean(variance[1]), "Pow");
    expectScalar(graph.input(square, 1, 2), 2);
    expectSame(graph.input(square, 0, 2), centred);
    NodeProto difference = graph.node(centred, "Sub");
    String x = graph.input(difference, 0, 2);
    expectSame(mean(graph.input(difference, 1, 2)), x);

    LayerNorm norm =
        new LayerNorm(
            graph.constant(product[0]), graph.constant(sum[0]), graph.scalar(variance[0]));
    long size = norm.scale().rank() == 1 ? norm.scale().dims().get(0) : 0;
    graph.expect(
        size > 0
            && (hiddenSize == 0 || hiddenSize == size)
            && norm.scale().isFloat(size)
            && norm.bias().isFloat(size)
            && norm.epsilon() > 0,
        "%s is no norm of vectors: scale %s, bias %s, epsilon %s.",
        value,
        norm.scale(),
        norm.bias(),
        norm.epsilon());
    hiddenSize = size;
    return new Read<>(norm, x);
  }

  private String mean(String value) throws UnsupportedGraphException {
    NodeProto mean = graph.node(value, "ReduceMean");
    List<Long> axes = GraphReader.integers(mean, "axes");
    graph.expect(
        (axes.equals(List.of(-1L)) || axes.equals(List.of(2L)))
            && GraphReader.integer(mean, "keepdims", 1) == 1,
        "%s is a mean along %s.",
        value,
        axes);
    return graph.input(mean, 0, 1);
  }

  // Embeddings.

  private boolean sumsEmbeddings(String value) throws UnsupportedGraphException {
    NodeProto sum = graph.node(value, "Add");
    for (String operand : sum.getInputList()) {
      if (graph.isComputedBy(operand, "Gather")
          || graph.isComputedBy(operand, "DequantizeLinear")) {
        return true;
      }
    }
    return false;
  }

  /** {@code norm((word + token type) + position)}. */
  private Embeddings embeddings(Read<LayerNorm> norm) throws UnsupportedGraphException {
    NodeProto sum = graph.node(norm.input, "Add");
    NodeProto wordAndType = graph.node(graph.input(sum, 0, 2), "Add");
    Read<Table> word = table(graph.input(wordAndType, 0, 2));
    graph.expectInput(word.input, INPUT_IDS);
    Read<Table> tokenType = table(graph.input(wordAndType, 1, 2));
    graph.expectInput(tokenType.input, TOKEN_TYPE_IDS);
    Read<Table> position = table(graph.input(sum, 1, 2));
    readPositions(position.input, position.weights.vectors().dims().get(0));
    return new Embeddings(word.weights, position.weights, tokenType.weights, norm.weights);
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
    graph.expect(
        vectors.rank() == 2 && vectors.dims().get(1) == hiddenSize,
        "%s is not a table of vectors of %d values.",
        vectors,
        hiddenSize);
    checkQuantized(vectors, quantization, hiddenSize);
    return new Read<>(new Table(vectors, quantization), graph.input(gather, 1, 2));
  }

  /** 0, 1, 2 and so on, as many as there are tokens. */
  private void readPositions(String value, long positions) throws UnsupportedGraphException {
    NodeProto slice = graph.node(value, "Slice");
    Tensor all = graph.constant(graph.input(slice, 0, 5));
    graph.expect(
        all.hasDims(1, positions)
            && Arrays.equals(all.longs(), LongStream.range(0, positions).toArray()),
        "%s are not the positions 0 to %d.",
        all,
        positions - 1);
    expectLong(graph.input(slice, 1, 5), 1, 0);
    expectSizeOf(unsqueezed(graph.input(slice, 2, 5), 0), INPUT_IDS, 1);
    expectLong(graph.input(slice, 3, 5), 1, 1);
    expectLong(graph.input(slice, 4, 5), 1, 1);
  }

  // Small steps.

  /** The operands of a commutative operator: the constant one first. */
  private String[] constantAndOther(String value, String operator)
      throws UnsupportedGraphException {
    NodeProto node = graph.node(value, operator);
    String first = graph.input(node, 0, 2);
    String second = graph.input(node, 1, 2);
    boolean firstIsConstant = graph.isConstant(first);
    graph.expect(
        firstIsConstant != graph.isConstant(second),
        "%s is made of %s and %s; one of them is expected to be a constant.",
        value,
        first,
        second);
    return firstIsConstant ? new String[] {first, second} : new String[] {second, first};
  }

  private String unsqueezed(String value, long axis) throws UnsupportedGraphException {
    NodeProto unsqueeze = graph.node(value, "Unsqueeze");
    if (unsqueeze.getInputCount() == 2) { // since operator set 13
      expectLong(unsqueeze.getInput(1), 1, axis);
      return unsqueeze.getInput(0);
    }
    List<Long> axes = GraphReader.integers(unsqueeze, "axes");
    graph.expect(axes.equals(List.of(axis)), "%s adds the axes %s.", value, axes);
    return graph.input(unsqueeze, 0, 1);
  }

  private void expectLong(String value, int rank, long expected) throws UnsupportedGraphException {
    Tensor tensor = graph.constant(value);
    graph.expect(
        tensor.rank() == rank && Arrays.equals(tensor.longs(), new long[] {expected}),
        "%s is not %d with %d axes.",
        tensor,
        expected,
        rank);
  }

  private void expectScalar(String value, float expected) throws UnsupportedGraphException {
    float scalar = graph.scalar(value);
    graph.expect(
        Math.abs(scalar - expected) <= TOLERANCE * expected,
        "%s is %s, not %s.",
        value,
        scalar,
        expected);
  }
}
