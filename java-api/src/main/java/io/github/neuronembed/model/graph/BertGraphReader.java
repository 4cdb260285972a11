package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.AttentionReader.Attention;
import io.github.neuronembed.model.graph.BertEncoder.Activation;
import io.github.neuronembed.model.graph.BertEncoder.Embeddings;
import io.github.neuronembed.model.graph.BertEncoder.Head;
import io.github.neuronembed.model.graph.BertEncoder.Layer;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.OperatorSetIdProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the graph of a BERT encoder, or of a model derived from it (XLM-R, RoBERTa,
 * DistilBERT), with or without the head of a cross-encoder. The graph may come from any of
 * PyTorch's exporters, with or without dynamic quantization afterwards.
 *
 * <p>The reader goes from the output to the inputs and assumes nothing. It checks each operator,
 * attribute, constant and dimension, and at the end no part may be unread.
 */
final class BertGraphReader {

  static final String INPUT_IDS = "input_ids";
  static final String ATTENTION_MASK = "attention_mask";
  static final String TOKEN_TYPE_IDS = "token_type_ids";

  /** In these versions of the operator set, the operators mean what this reader expects. */
  private static final long OLDEST_OPSET = 11;

  private static final long NEWEST_OPSET = 21;

  private final ModelProto model;
  private final GraphReader graph;
  private final DenseReader dense;
  private final NormReader norms;
  private final GeluReader gelus;
  private final AttentionReader attention;
  private final EmbeddingsReader embeddings;
  private final List<Layer> layers = new ArrayList<>();

  BertGraphReader(OnnxModel model) throws UnsupportedGraphException {
    this.model = model.proto();
    this.graph = new GraphReader(model.proto().getGraph(), model.rawData());
    ShapeReader shapes = new ShapeReader(graph);
    NumberReader numbers = new NumberReader(graph, shapes);
    this.dense = new DenseReader(graph);
    this.norms = new NormReader(graph, numbers);
    this.gelus = new GeluReader(graph, numbers);
    this.attention = new AttentionReader(graph, shapes, numbers, dense, norms);
    this.embeddings = new EmbeddingsReader(graph, shapes, dense, norms);
  }

  BertEncoder read() throws UnsupportedGraphException {
    checkOpset();
    GraphProto proto = model.getGraph();
    graph.expect(
        proto.getOutputCount() == 1, "The model has %d outputs, not 1.", proto.getOutputCount());
    String output = graph.canonical(proto.getOutput(0).getName());
    Read<Head> head = dense.isLinear(output) ? head(output) : null;
    Read<LayerNorm> norm = norms.read(head == null ? output : head.input());
    while (!embeddings.sumsLookups(norm.input())) {
      norm = layer(norm);
    }
    graph.expect(!layers.isEmpty(), "The graph has no encoder layer.");
    Collections.reverse(layers);
    Embeddings tables = embeddings.read(norm);
    graph.expectAllSeen();
    return new BertEncoder(
        norms.hiddenSize(),
        attention.heads(),
        attention.maskValue(),
        tables,
        List.copyOf(layers),
        checked(head));
  }

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

  /** Two dense layers over the first token's vector, with an activation in between. */
  private Read<Head> head(String value) throws UnsupportedGraphException {
    Read<Linear> output = dense.linear(value);
    Activation activation =
        graph.isComputedBy(output.input(), Activation.RELU.operator)
            ? Activation.RELU
            : Activation.TANH;
    NodeProto activated = graph.node(output.input(), activation.operator);
    Read<Linear> inner = dense.linear(graph.input(activated, 0, 1));
    NodeProto first = graph.node(inner.input(), "Gather");
    Tensor index = graph.constant(graph.input(first, 1, 2));
    graph.expect(
        GraphReader.integer(first, "axis", 0) == 1
            && index.rank() == 0
            && index.longs().length == 1
            && index.longs()[0] == 0,
        "%s is not the first token's vector.",
        inner.input());
    return new Read<>(
        new Head(inner.weights(), activation, output.weights()), graph.input(first, 0, 2));
  }

  private @Nullable Head checked(@Nullable Read<Head> head) throws UnsupportedGraphException {
    if (head == null) {
      return null;
    }
    dense.checkLinear(head.weights().dense(), norms.hiddenSize(), norms.hiddenSize());
    dense.checkLinear(head.weights().output(), norms.hiddenSize(), 1);
    return head.weights();
  }

  /** Reads the layer that ends with the given norm; returns the norm of the layer before it. */
  private Read<LayerNorm> layer(Read<LayerNorm> outputNorm) throws UnsupportedGraphException {
    String[] outputSum = linearAndResidual(outputNorm.input());
    Read<Linear> output = dense.linear(outputSum[0]);
    Read<Linear> intermediate = dense.linear(gelus.read(output.input()));
    graph.expectSame(intermediate.input(), outputSum[1]);
    Read<LayerNorm> attentionNorm = norms.read(outputSum[1]);

    String[] attentionSum = linearAndResidual(attentionNorm.input());
    Read<Linear> attentionOutput = dense.linear(attentionSum[0]);
    Read<Attention> attended = attention.read(attentionOutput.input());
    graph.expectSame(attended.input(), attentionSum[1]);
    long hiddenSize = norms.hiddenSize();
    dense.checkLinear(attentionOutput.weights(), hiddenSize, hiddenSize);
    Tensor wide = intermediate.weights().weight();
    graph.expect(wide.rank() == 2, "%s is not a matrix.", wide);
    dense.checkLinear(intermediate.weights(), hiddenSize, intermediate.weights().outputs());
    dense.checkLinear(output.weights(), intermediate.weights().outputs(), hiddenSize);
    Attention projections = attended.weights();
    Layer layer =
        new Layer(
            projections.query(),
            projections.key(),
            projections.value(),
            attentionOutput.weights(),
            attentionNorm.weights(),
            intermediate.weights(),
            output.weights(),
            outputNorm.weights());
    for (Linear linear : layer.linears()) {
      graph.expect(
          (linear.quantization() == null) == (layer.query().quantization() == null),
          "Of one layer, %s is quantized and %s is not.",
          linear.weight(),
          layer.query().weight());
    }
    layers.add(layer);
    return norms.read(attentionSum[1]);
  }

  /** Splits a sum into the result of a dense layer and the residual. */
  private String[] linearAndResidual(String value) throws UnsupportedGraphException {
    NodeProto sum = graph.node(value, "Add");
    String first = graph.input(sum, 0, 2);
    String second = graph.input(sum, 1, 2);
    return dense.isLinear(first) ? new String[] {first, second} : new String[] {second, first};
  }
}
