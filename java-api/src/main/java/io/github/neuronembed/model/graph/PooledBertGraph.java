package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.BertEncoder.LayerNorm;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.ByteBuffer;

/** What the graphs have in common that are written for an encoder: they pool, by cls or mean. */
abstract class PooledBertGraph {

  static final String OUTPUT = "sentence_embedding";

  static final String BATCH = "batch_size";
  static final String SEQUENCE = "sequence_length";
  static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();

  /** The least norm and the least token count that are divided by, as in the reference model. */
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

  /** Makes pooled vectors the output of the graph, of length 1 if they are to be normalised. */
  final void output(String pooled, Object... dims) {
    if (normalize) {
      String norm =
          graph.node("ReduceL2", pooled).withInts("axes", -1).with("keepdims", 1).as("norm");
      norm = graph.node("Max", norm, graph.scalar("least_norm", LEAST_NORM)).as("norm.divisor");
      graph.node("Div", pooled, norm).as(OUTPUT);
    } else {
      graph.node("Identity", pooled).as(OUTPUT);
    }
    graph.output(GraphBuilder.tensor(OUTPUT, TensorProto.DataType.FLOAT, dims));
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

  /** A row of a matrix of so many rows, or all of a vector, which is one. */
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

  /** What the scores of attention are multiplied by. */
  final String scoreScale() {
    return graph.scalar("score_scale", (float) (1 / Math.sqrt((double) headSize)));
  }

  final String leastCount() {
    return graph.scalar("least_count", LEAST_COUNT);
  }
}
