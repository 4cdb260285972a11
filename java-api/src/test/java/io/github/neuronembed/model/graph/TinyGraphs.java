package io.github.neuronembed.model.graph;

import com.google.protobuf.ByteString;
import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * ONNX files around one tiny BERT with random weights, which differ in what they take and give. The
 * token vectors are the same in all of them.
 */
public final class TinyGraphs {

  /** Fits {@link io.github.neuronembed.model.ModelFolder}. */
  public static final BertShape SHAPE = new BertShape(1, 8, 2, 12, 104, 64);

  /** An output of a graph. */
  public enum Output {
    /** The token vectors, by Transformers' name. */
    LAST_HIDDEN_STATE("last_hidden_state", 3),
    /** The token vectors, by sentence-transformers' name. */
    TOKEN_EMBEDDINGS("token_embeddings", 3),
    /** The token vectors, by an exporter's own name. */
    UNNAMED("1234", 3),
    /** The embeddings' layer, by an exporter's own name. */
    EARLY("hidden_states.0", 3),
    /** The first token's vector, by sentence-transformers' name for a pooled one. */
    SENTENCE_EMBEDDING("sentence_embedding", 2),
    /** A row's last vector, whether it is padding or not, by the same name. */
    LAST_OF_ROW("sentence_embedding", 2),
    /** A tanh of the first token's vector. */
    POOLER_OUTPUT("pooler_output", 2),
    /** A tanh of the first token's vector, by a classifier's name. */
    LOGITS("logits", 2),
    /** The token vectors in float16, by Transformers' name. */
    HALF("last_hidden_state", 3);

    private final String value;
    private final int rank;

    Output(String value, int rank) {
      this.value = value;
      this.rank = rank;
    }
  }

  private static final String TOKENS = "tokens";

  private final ModelProto original;

  /** Makes the weights. */
  public TinyGraphs(Path folder) throws IOException {
    Path file = folder.resolve("original.onnx");
    RandomBertModel.write(file, SHAPE, 5);
    this.original = ModelProto.parseFrom(Files.readAllBytes(file));
  }

  /**
   * A file.
   *
   * @param outputs in their order
   * @param mask whether it takes an attention mask; else all tokens count
   * @param types whether it takes token types; else they are zero
   */
  public byte[] of(List<Output> outputs, boolean mask, boolean types) {
    GraphProto.Builder graph = original.getGraph().toBuilder().clearOutput().clearNode();
    for (NodeProto node : original.getGraph().getNodeList()) {
      NodeProto.Builder copy = node.toBuilder();
      for (int i = 0; i < node.getOutputCount(); i++) {
        if (node.getOutput(i).equals(RandomBertModel.OUTPUT)) {
          copy.setOutput(i, TOKENS);
        }
      }
      graph.addNode(copy);
    }
    if (!mask) {
      constantInput(graph, BertGraphReader.ATTENTION_MASK, 1);
    }
    if (!types) {
      constantInput(graph, BertGraphReader.TOKEN_TYPE_IDS, 0);
    }
    for (Output output : outputs) {
      add(graph, output);
    }
    return original.toBuilder().setGraph(graph).build().toByteArray();
  }

  private static void add(GraphProto.Builder graph, Output output) {
    String name = output.value;
    TensorProto.DataType type = TensorProto.DataType.FLOAT;
    switch (output) {
      case LAST_HIDDEN_STATE, TOKEN_EMBEDDINGS, UNNAMED ->
          graph.addNode(node("Identity", name, TOKENS));
      case EARLY -> graph.addNode(node("Identity", name, "embeddings/norm"));
      case SENTENCE_EMBEDDING -> at(graph, name, 0);
      case LAST_OF_ROW -> at(graph, name, -1);
      case POOLER_OUTPUT, LOGITS -> {
        at(graph, name + "/first", 0);
        graph.addNode(node("Tanh", name, name + "/first"));
      }
      case HALF -> {
        type = TensorProto.DataType.FLOAT16;
        graph.addNode(
            node("Cast", name, TOKENS)
                .addAttribute(
                    AttributeProto.newBuilder()
                        .setName("to")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(type.getNumber())));
      }
    }
    ValueInfoProto info =
        output.rank == 3
            ? GraphBuilder.tensor(
                name, type, "batch_size", "sequence_length", (long) SHAPE.hiddenSize())
            : GraphBuilder.tensor(name, type, "batch_size", (long) SHAPE.hiddenSize());
    graph.addOutput(info);
  }

  /** The vectors of one place of each row. */
  private static void at(GraphProto.Builder graph, String name, long place) {
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(name + "/index")
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .setRawData(longs(place)));
    graph.addNode(
        node("Gather", name, TOKENS, name + "/index")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("axis")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(1)));
  }

  /** Puts a value of one number everywhere in the place of an input. */
  private static void constantInput(GraphProto.Builder graph, String name, long value) {
    for (int i = 0; i < graph.getInputCount(); i++) {
      if (graph.getInput(i).getName().equals(name)) {
        graph.removeInput(i);
      }
    }
    graph.addNode(0, node("Shape", name + "/shape", BertGraphReader.INPUT_IDS));
    graph.addNode(
        1,
        node("ConstantOfShape", name, name + "/shape")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("value")
                    .setType(AttributeProto.AttributeType.TENSOR)
                    .setT(
                        TensorProto.newBuilder()
                            .addDims(1)
                            .setDataType(TensorProto.DataType.INT64.getNumber())
                            .setRawData(longs(value)))));
  }

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName("tiny/" + output)
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output);
  }

  private static ByteString longs(long value) {
    return ByteString.copyFrom(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value));
  }
}
