package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.Linear.Quantization;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Recognises dense layers, float32 or dynamically quantized. */
final class DenseReader {

  private static final long FLOAT = TensorProto.DataType.FLOAT.getNumber();

  private final GraphReader graph;

  DenseReader(GraphReader graph) {
    this.graph = graph;
  }

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
    String[] sum = graph.constantAndOther(value, "Add");
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
    graph.expectSame(graph.input(scales, 0, 2), quantize.getOutput(1));
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
}
