package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.Linear.Quantization;
import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Recognises dense layers, float32 or dynamically quantized, layer norms and the exact GELU. */
final class DenseReader {

  private static final double TOLERANCE = 1e-6;
  private static final long FLOAT = TensorProto.DataType.FLOAT.getNumber();

  /** The epsilon of a LayerNormalization without that attribute. */
  private static final float USUAL_EPSILON = 1e-5f;

  private final GraphReader graph;
  private final ShapeReader shapes;
  private long hiddenSize;

  DenseReader(GraphReader graph, ShapeReader shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /** Elements of a token's vector; 0 until the first norm is read. */
  long hiddenSize() {
    return hiddenSize;
  }

  // Numbers.

  /**
   * @param value the value before the multiplications
   * @param factor the product of all factors
   */
  record Scaled(String value, double factor) {}

  /** Reads all multiplications and divisions by numbers that lead to a value. */
  Scaled scaled(String named) throws UnsupportedGraphException {
    String value = graph.canonical(named);
    double factor = 1;
    for (NodeProto node = graph.producer(value); node != null; node = graph.producer(value)) {
      boolean product = node.getOpType().equals("Mul");
      if (!product && !node.getOpType().equals("Div")) {
        break;
      }
      int other = 0;
      Double number = number(graph.input(node, 1, 2));
      if (number == null && product) {
        other = 1;
        number = number(graph.input(node, 0, 2));
      }
      if (number == null) {
        break;
      }
      factor *= product ? number : 1 / number;
      value = graph.input(node, other, 2);
      graph.read(node);
    }
    return new Scaled(value, factor);
  }

  /** Whether two numbers differ at most by the rounding of float32. */
  static boolean near(double number, double expected) {
    return Math.abs(number / expected - 1) < TOLERANCE;
  }

  /** A number that the graph computes from constants and sizes; null for any other value. */
  private @Nullable Double number(String value) throws UnsupportedGraphException {
    Float constant = graph.scalarOrNull(value);
    NodeProto node = graph.producer(value);
    if (constant != null || node == null) {
      return constant == null ? null : constant.doubleValue();
    }
    Double number =
        switch (node.getOpType()) {
          case "Sqrt" -> {
            Double one = number(graph.input(node, 0, 1));
            yield one == null ? null : (Double) Math.sqrt(one);
          }
          case "Reciprocal" -> {
            Double one = number(graph.input(node, 0, 1));
            yield one == null ? null : (Double) (1 / one);
          }
          case "Div", "Mul" -> {
            Double one = number(graph.input(node, 0, 2));
            Double other = one == null ? null : number(graph.input(node, 1, 2));
            yield one == null || other == null
                ? null
                : (Double) (node.getOpType().equals("Mul") ? one * other : one / other);
          }
          case "Cast" -> size(node);
          default -> null;
        };
    if (number != null) {
      graph.read(node);
    }
    return number;
  }

  private static final Set<String> SIZES =
      Set.of("Gather", "Reshape", "Shape", "Slice", "Squeeze", "Unsqueeze");

  private @Nullable Double size(NodeProto cast) throws UnsupportedGraphException {
    String value = graph.input(cast, 0, 1);
    Float constant = graph.scalarOrNull(value);
    if (constant != null) {
      return constant.doubleValue();
    }
    NodeProto node = graph.producer(value);
    if (node == null
        || !SIZES.contains(node.getOpType())
        || GraphReader.integer(cast, "to", 0) != FLOAT) {
      return null;
    }
    Dim size = shapes.one(value);
    return size.isNumber() ? (Double) (double) size.factor() : null;
  }

  /** The operands of a commutative operator, the constant first. */
  String[] constantAndOther(String value, String operator) throws UnsupportedGraphException {
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

  void expectSame(String value, String expected) throws UnsupportedGraphException {
    graph.expect(
        graph.canonical(value).equals(graph.canonical(expected)),
        "%s is used where %s is expected.",
        value,
        expected);
  }

  private void expectScalar(String value, float expected) throws UnsupportedGraphException {
    float scalar = graph.scalar(value);
    graph.expect(near(scalar, expected), "%s is %s, not %s.", value, scalar, expected);
  }

  // Dense layers.

  /** Whether a dense layer computes a value. */
  boolean isLinear(String value) throws UnsupportedGraphException {
    NodeProto sum = graph.producer(value);
    if (sum == null || !sum.getOpType().equals("Add")) {
      return graph.isComputedBy(value, "Gemm");
    }
    for (int i = 0; i < 2; i++) {
      String product = graph.input(sum, i, 2);
      if (graph.isConstant(graph.input(sum, 1 - i, 2))
          && (graph.isComputedBy(product, "MatMul") || isDequantizedProduct(product))) {
        return true;
      }
    }
    return false;
  }

  private boolean isDequantizedProduct(String value) throws UnsupportedGraphException {
    NodeProto product = graph.producer(value);
    return product != null
        && product.getOpType().equals("Mul")
        && graph.isComputedBy(graph.input(product, 0, 2), "Cast");
  }

  Read<Linear> linear(String value) throws UnsupportedGraphException {
    if (graph.isComputedBy(value, "Gemm")) {
      return gemm(value);
    }
    String[] sum = constantAndOther(value, "Add");
    Tensor bias = graph.constant(sum[0]);
    if (isDequantizedProduct(sum[1])) {
      return quantizedLinear(sum[1], bias);
    }
    NodeProto product = graph.node(sum[1], "MatMul");
    Tensor weight = matrix(graph.input(product, 1, 2));
    return new Read<>(new Linear(weight, bias, null), graph.input(product, 0, 2));
  }

  /** A constant, or a constant whose axes the graph swaps. */
  private Tensor matrix(String value) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Transpose")) {
      return graph.constant(value);
    }
    NodeProto transpose = graph.node(value, "Transpose");
    graph.expect(
        GraphReader.integers(transpose, "perm").equals(List.of(1L, 0L)),
        "%s does not swap two axes.",
        value);
    return swapped(graph.constant(graph.input(transpose, 0, 1)));
  }

  private Tensor swapped(Tensor matrix) throws UnsupportedGraphException {
    graph.expect(matrix.rank() == 2, "%s is not a matrix.", matrix);
    return matrix.transposed();
  }

  private Read<Linear> gemm(String value) throws UnsupportedGraphException {
    NodeProto gemm = graph.node(value, "Gemm");
    long transposed = GraphReader.integer(gemm, "transB", 0);
    graph.expect(
        GraphReader.number(gemm, "alpha", 1) == 1
            && GraphReader.number(gemm, "beta", 1) == 1
            && GraphReader.integer(gemm, "transA", 0) == 0
            && (transposed == 0 || transposed == 1),
        "%s is no dense layer.",
        value);
    Tensor weight = graph.constant(graph.input(gemm, 1, 3));
    Tensor bias = graph.constant(graph.input(gemm, 2, 3));
    return new Read<>(
        new Linear(transposed == 1 ? swapped(weight) : weight, bias, null),
        graph.input(gemm, 0, 3));
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

  void checkLinear(Linear linear, long inputs, long outputs) throws UnsupportedGraphException {
    graph.expect(
        linear.weight().hasDims(inputs, outputs) && linear.bias().isFloat(outputs),
        "%s with the bias %s is not a layer of %d to %d values.",
        linear.weight(),
        linear.bias(),
        inputs,
        outputs);
    checkQuantized(linear.weight(), linear.quantization(), outputs);
  }

  /** Checks element types. A quantized tensor must have one scale, or one for each column. */
  void checkQuantized(Tensor tensor, @Nullable Quantization quantization, long columns)
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

  // GELU.

  /** The input x of {@code 0.5 * x * (1 + erf(x / sqrt(2)))}, in any order, or of Gelu. */
  String gelu(String value) throws UnsupportedGraphException {
    if (graph.isComputedBy(value, "Gelu")) {
      NodeProto gelu = graph.node(value, "Gelu");
      graph.expect(
          gelu.getAttributeList().stream().allMatch(DenseReader::isExact),
          "%s is an approximation of GELU.",
          value);
      return graph.input(gelu, 0, 1);
    }
    List<String> factors = new ArrayList<>();
    factors(value, factors);
    String half = only(factors, true, value);
    expectScalar(half, 0.5f);
    factors.remove(half);
    graph.expect(factors.size() == 2, "%s is no GELU.", value);
    int weight = graph.isComputedBy(factors.get(1), "Add") && isErf(factors.get(1)) ? 1 : 0;
    String x = factors.get(1 - weight);
    String[] sum = constantAndOther(factors.get(weight), "Add");
    expectScalar(sum[0], 1);
    NodeProto erf = graph.node(sum[1], "Erf");
    Scaled part = scaled(graph.input(erf, 0, 1));
    graph.expect(near(part.factor, Math.sqrt(0.5)), "%s is no GELU.", value);
    expectSame(part.value, x);
    return x;
  }

  private static boolean isExact(AttributeProto attribute) {
    return attribute.getName().equals("approximate")
        && attribute.getS().toStringUtf8().equals("none");
  }

  private boolean isErf(String sum) {
    NodeProto node = graph.producer(sum);
    return node != null && node.getInputList().stream().anyMatch(x -> graph.isComputedBy(x, "Erf"));
  }

  /** Collects the factors of nested products. */
  private void factors(String value, List<String> factors) throws UnsupportedGraphException {
    if (!graph.isComputedBy(value, "Mul") || factors.size() > 3) {
      factors.add(value);
      return;
    }
    NodeProto product = graph.node(value, "Mul");
    factors(graph.input(product, 0, 2), factors);
    factors(graph.input(product, 1, 2), factors);
  }

  private String only(List<String> values, boolean constant, String of)
      throws UnsupportedGraphException {
    List<String> found =
        values.stream().filter(value -> graph.isConstant(value) == constant).toList();
    graph.expect(found.size() == 1, "%s is no GELU.", of);
    return found.get(0);
  }

  // Layer norm.

  /**
   * {@code (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias}, or
   * LayerNormalization.
   */
  Read<LayerNorm> layerNorm(String value) throws UnsupportedGraphException {
    return graph.isComputedBy(value, "LayerNormalization") ? fusedNorm(value) : writtenNorm(value);
  }

  private Read<LayerNorm> fusedNorm(String value) throws UnsupportedGraphException {
    NodeProto node = graph.node(value, "LayerNormalization");
    long axis = GraphReader.integer(node, "axis", -1);
    graph.expect(
        (axis == -1 || axis == 2)
            && GraphReader.integer(node, "stash_type", 1) == FLOAT
            && node.getOutputCount() == 1,
        "%s is a norm along axis %s.",
        value,
        axis);
    LayerNorm norm =
        new LayerNorm(
            graph.constant(graph.input(node, 1, 3)),
            graph.constant(graph.input(node, 2, 3)),
            GraphReader.number(node, "epsilon", USUAL_EPSILON));
    return checked(value, norm, graph.input(node, 0, 3));
  }

  private Read<LayerNorm> writtenNorm(String value) throws UnsupportedGraphException {
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
    return checked(value, norm, x);
  }

  private Read<LayerNorm> checked(String value, LayerNorm norm, String x)
      throws UnsupportedGraphException {
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
    List<Long> axes =
        mean.getInputCount() == 2 // since operator set 18
            ? Tensor.list(graph.constant(graph.input(mean, 1, 2)).longs())
            : GraphReader.integers(mean, "axes");
    graph.expect(
        (axes.equals(List.of(-1L)) || axes.equals(List.of(2L)))
            && GraphReader.integer(mean, "keepdims", 1) == 1,
        "%s is a mean along %s.",
        value,
        axes);
    return graph.input(mean, 0, mean.getInputCount());
  }
}
