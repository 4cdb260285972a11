package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.BertEncoder.Head;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The common part of the graphs that are written for an encoder: pooling, by cls or mean. */
abstract class PooledBertGraph {

  static final String OUTPUT = "sentence_embedding";
  static final String SCORES = "logits";

  static final String BATCH = "batch_size";
  static final String SEQUENCE = "sequence_length";
  static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();

  /** The least divisors for the norm and for the number of tokens, as in the reference model. */
  private static final float LEAST_NORM = 1e-12f;

  private static final float LEAST_COUNT = 1e-9f;

  final BertEncoder encoder;
  final PoolingStrategy pooling;
  final GraphBuilder graph = new GraphBuilder();
  final long hiddenSize;
  final long heads;
  final long headSize;
  private final boolean normalize;

  PooledBertGraph(BertEncoder encoder, PoolingStrategy pooling, boolean normalize) {
    this.encoder = encoder;
    this.pooling = pooling;
    this.normalize = normalize;
    this.hiddenSize = encoder.hiddenSize();
    this.heads = encoder.heads();
    this.headSize = hiddenSize / heads;
  }

  abstract GraphBuilder build();

  /** {@code x · weight + bias}. */
  abstract String dense(String name, String x, Linear linear);

  /**
   * Adds the output of the graph: the scores if the encoder has a head, else the pooled vectors,
   * normalised to length 1 if the model does so.
   *
   * @param axes all axes of the output except the last
   */
  final void output(String pooled, Object... axes) {
    Head head = encoder.head();
    if (head != null) {
      String inner = dense("head.dense", pooled, head.dense());
      inner = graph.node(head.activation().operator, inner).as("head.activated");
      dense(SCORES, inner, head.output());
      output(SCORES, 1, axes);
      return;
    }
    if (normalize) {
      String norm =
          graph.node("ReduceL2", pooled).withInts("axes", -1).with("keepdims", 1).as("norm");
      norm = graph.node("Max", norm, graph.scalar("least_norm", LEAST_NORM)).as("norm.divisor");
      graph.node("Div", pooled, norm).as(OUTPUT);
    } else {
      graph.node("Identity", pooled).as(OUTPUT);
    }
    output(OUTPUT, hiddenSize, axes);
  }

  private void output(String name, long width, Object... axes) {
    Object[] dims = Arrays.copyOf(axes, axes.length + 1);
    dims[axes.length] = width;
    graph.output(GraphBuilder.tensor(name, TensorProto.DataType.FLOAT, dims));
  }

  /** 0 for a padding token, else 1; int64 {@code [B, S]}. */
  final String notPadding(long padding) {
    String same =
        graph
            .node("Equal", BertGraphReader.INPUT_IDS, graph.integer("padding", padding))
            .as("padding.same");
    String other = graph.node("Not", same).as("padding.other");
    return graph
        .node("Cast", other)
        .with("to", TensorProto.DataType.INT64.getNumber())
        .as("padding.not");
  }

  final IllegalArgumentException cannotPool() {
    return new IllegalArgumentException("A graph pools by cls or mean, not " + pooling);
  }

  /** The prefix of the names of a layer's values. */
  static String name(int index) {
    return "layer." + index + ".";
  }

  final String weight(Tensor tensor) {
    return graph.weight(tensor.asWeight());
  }

  /** A row of a matrix; a vector has one row. */
  static ByteBuffer row(Tensor tensor, int row, int rows) {
    int bytes = tensor.bytes().capacity() / rows;
    return tensor.bytes().slice(row * bytes, bytes);
  }

  final String normed(String as, String x, LayerNorm norm) {
    return graph
        .node("LayerNormalization", x, weight(norm.scale()), weight(norm.bias()))
        .with("axis", -1)
        .with("epsilon", norm.epsilon())
        .as(as);
  }

  /** The factor of attention scores. */
  final String scoreScale() {
    return graph.scalar("score_scale", (float) (1 / Math.sqrt((double) headSize)));
  }

  final String leastCount() {
    return graph.scalar("least_count", LEAST_COUNT);
  }
}
