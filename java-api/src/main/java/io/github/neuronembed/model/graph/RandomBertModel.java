package io.github.neuronembed.model.graph;

import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.OperatorSetIdProto;
import io.github.neuronembed.model.graph.onnx.StringStringEntryProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Writes ONNX models in the shape of a BERT encoder with random weights. They run as long as real
 * models do and serve only for timing. The file says so in its graph's name, its description and
 * its properties.
 *
 * <p>The graph has the same operators as the bge models' files on the Hugging Face hub. Inputs:
 * {@code input_ids}, {@code attention_mask} and {@code token_type_ids}, int64 {@code [batch,
 * sequence]}. Output: {@code last_hidden_state}, float32 {@code [batch, sequence, hidden]}.
 */
public final class RandomBertModel {

  /** The text by which a file states that its weights are random. */
  public static final String LABEL = "random weights: for timing only";

  /** The property that holds {@link #LABEL}. */
  public static final String LABEL_KEY = "neuron_embed.weights";

  static final String OUTPUT = "last_hidden_state";

  private static final String BATCH = "batch_size";
  private static final String SEQUENCE = "sequence_length";
  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();

  /** As in the files on the hub. */
  private static final long IR_VERSION = 6;

  private static final long OPSET = 11;
  private static final float NORM_EPSILON = 1e-12f;
  private static final float MASK_VALUE = -Float.MAX_VALUE;
  private static final int TOKEN_TYPES = 2;

  /** The number of elements generated at a time. */
  private static final int PART_FLOATS = 1 << 14;

  private final BertShape shape;
  private final long seed;
  private final GraphBuilder graph = new GraphBuilder();
  private int constants;

  private RandomBertModel(BertShape shape, long seed) {
    this.shape = shape;
    this.seed = seed;
  }

  /**
   * Writes a model. It generates the weights during the write, so it needs little memory.
   *
   * @param target the file to write or replace; its folder exists
   * @param shape the model's size
   * @param seed the same seed gives the same file
   * @throws IOException if the file cannot be written, or would not be less than 2 GiB
   */
  public static void write(Path target, BertShape shape, long seed) throws IOException {
    RandomBertModel model = new RandomBertModel(shape, seed);
    OnnxModelFile.write(target, model.build(), model.graph.weights());
  }

  private ModelProto build() {
    String hidden = embeddings();
    String mask = mask();
    for (int i = 0; i < shape.layers(); i++) {
      hidden = layer("encoder.layer." + i, hidden, mask, i == shape.layers() - 1);
    }
    for (String input :
        List.of(
            BertGraphReader.INPUT_IDS,
            BertGraphReader.ATTENTION_MASK,
            BertGraphReader.TOKEN_TYPE_IDS)) {
      graph.input(GraphBuilder.tensor(input, TensorProto.DataType.INT64, BATCH, SEQUENCE));
    }
    graph.output(
        GraphBuilder.tensor(
            OUTPUT, TensorProto.DataType.FLOAT, BATCH, SEQUENCE, (long) shape.hiddenSize()));
    String description = "%s, seed %s, %s".formatted(LABEL, seed, shape);
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("neuron-embed")
        .setDocString(description)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .addMetadataProps(StringStringEntryProto.newBuilder().setKey(LABEL_KEY).setValue(LABEL))
        .setGraph(
            graph.graph().toBuilder().setName("bert_with_random_weights").setDocString(description))
        .build();
  }

  // The graph, operator for operator as PyTorch exports it.

  private String embeddings() {
    String size = sizeOf(BertGraphReader.INPUT_IDS, 1, "embeddings/length");
    String positions =
        graph
            .node(
                "Slice",
                graph.weight(
                    Weight.ofLongs(
                        "embeddings.position_ids",
                        List.of(1L, (long) shape.positions()),
                        LongStream.range(0, shape.positions()).toArray())),
                longs(0),
                size,
                longs(1),
                longs(1))
            .as("embeddings/positions");
    String word =
        lookup("embeddings.word_embeddings", shape.vocabularySize(), BertGraphReader.INPUT_IDS);
    String type =
        lookup("embeddings.token_type_embeddings", TOKEN_TYPES, BertGraphReader.TOKEN_TYPE_IDS);
    String position = lookup("embeddings.position_embeddings", shape.positions(), positions);
    String sum = graph.node("Add", word, type).as("embeddings/word_and_type");
    sum = graph.node("Add", sum, position).as("embeddings/sum");
    return layerNorm("embeddings.LayerNorm", sum, "embeddings/norm");
  }

  private String lookup(String name, int entries, String ids) {
    String table = weights(name + ".weight", 0, 1, entries, shape.hiddenSize());
    return graph.node("Gather", table, ids).as(name + "/rows");
  }

  /** {@code (1 - attention_mask) * lowest float}, [B, 1, 1, S]. */
  private String mask() {
    String keys =
        graph
            .node("Unsqueeze", BertGraphReader.ATTENTION_MASK)
            .withInts("axes", 1)
            .as("mask/heads");
    keys = graph.node("Unsqueeze", keys).withInts("axes", 2).as("mask/queries");
    keys = graph.node("Cast", keys).with("to", FLOAT).as("mask/float");
    keys = graph.node("Sub", scalar(1), keys).as("mask/inverted");
    return graph.node("Mul", keys, scalar(MASK_VALUE)).as("mask/hiding");
  }

  private String layer(String name, String hidden, String mask, boolean last) {
    String query = head(name + ".attention.self.query", hidden, 0, 2, 1, 3);
    String key = head(name + ".attention.self.key", hidden, 0, 2, 3, 1);
    String value = head(name + ".attention.self.value", hidden, 0, 2, 1, 3);
    String scores = graph.node("MatMul", query, key).as(name + "/scores");
    float divisor = (float) Math.sqrt(shape.hiddenSize() / (double) shape.heads());
    scores = graph.node("Div", scores, scalar(divisor)).as(name + "/scores/scaled");
    scores = graph.node("Add", scores, mask).as(name + "/scores/masked");
    String seen = graph.node("Softmax", scores).with("axis", 3).as(name + "/probabilities");
    seen = graph.node("MatMul", seen, value).as(name + "/heads");
    seen = graph.node("Transpose", seen).withInts("perm", 0, 2, 1, 3).as(name + "/context/heads");
    String context =
        graph.node("Reshape", seen, keepingRows(seen, shape.hiddenSize())).as(name + "/context");
    int size = shape.hiddenSize();
    String attended = linear(name + ".attention.output.dense", context, size, size);
    attended = graph.node("Add", attended, hidden).as(name + "/attention/sum");
    attended = layerNorm(name + ".attention.output.LayerNorm", attended, name + "/attention/norm");
    String inner = linear(name + ".intermediate.dense", attended, size, shape.intermediateSize());
    String output =
        linear(name + ".output.dense", gelu(name + "/gelu", inner), shape.intermediateSize(), size);
    output = graph.node("Add", output, attended).as(name + "/sum");
    return layerNorm(name + ".output.LayerNorm", output, last ? OUTPUT : name + "/norm");
  }

  private String head(String name, String hidden, long... axes) {
    String projected = linear(name, hidden, shape.hiddenSize(), shape.hiddenSize());
    String split =
        graph
            .node(
                "Reshape",
                projected,
                keepingRows(projected, shape.heads(), shape.hiddenSize() / shape.heads()))
            .as(name + "/split");
    return graph.node("Transpose", split).withInts("perm", axes).as(name + "/heads");
  }

  private String linear(String name, String x, int inputs, int outputs) {
    String weight = weights(name + ".weight", 0, 1 / Math.sqrt(inputs), inputs, outputs);
    String product = graph.node("MatMul", x, weight).as(name + "/product");
    return graph.node("Add", weights(name + ".bias", 0, 0.1, outputs), product).as(name);
  }

  private String gelu(String name, String x) {
    String half = graph.node("Div", x, scalar((float) Math.sqrt(2))).as(name + "/quotient");
    half = graph.node("Erf", half).as(name + "/erf");
    half = graph.node("Add", half, scalar(1)).as(name + "/weight");
    half = graph.node("Mul", x, half).as(name + "/product");
    return graph.node("Mul", half, scalar(0.5f)).as(name);
  }

  private String layerNorm(String name, String x, String as) {
    String mean = mean(x, name + "/mean");
    String centred = graph.node("Sub", x, mean).as(name + "/centred");
    String variance = graph.node("Pow", centred, scalar(2)).as(name + "/squares");
    variance = mean(variance, name + "/variance");
    variance = graph.node("Add", variance, scalar(NORM_EPSILON)).as(name + "/variance/positive");
    String deviation = graph.node("Sqrt", variance).as(name + "/deviation");
    String normed = graph.node("Div", centred, deviation).as(name + "/normed");
    String scale = weights(name + ".weight", 1, 0.1, shape.hiddenSize());
    normed = graph.node("Mul", normed, scale).as(name + "/scaled");
    return graph.node("Add", normed, weights(name + ".bias", 0, 0.1, shape.hiddenSize())).as(as);
  }

  private String mean(String x, String as) {
    return graph.node("ReduceMean", x).withInts("axes", -1).as(as);
  }

  /** A shape that keeps the first two axes of a value. */
  private String keepingRows(String value, long... rest) {
    String[] sizes = new String[2 + rest.length];
    sizes[0] = sizeOf(value, 0, value + "/rows");
    sizes[1] = sizeOf(value, 1, value + "/tokens");
    for (int i = 0; i < rest.length; i++) {
      sizes[2 + i] = longs(rest[i]);
    }
    return graph.node("Concat", sizes).with("axis", 0).as(value + "/shape");
  }

  private String sizeOf(String value, long axis, String as) {
    String sizes = graph.node("Shape", value).as(as + "/all");
    String size =
        graph
            .node("Gather", sizes, graph.integer("constant." + constants++, axis))
            .with("axis", 0)
            .as(as + "/one");
    return graph.node("Unsqueeze", size).withInts("axes", 0).as(as);
  }

  private String longs(long value) {
    return graph.longs("constant." + constants++, value);
  }

  private String scalar(float value) {
    return graph.scalar("constant." + constants++, value);
  }

  // The weights.

  /** Adds uniformly distributed weights with the given mean and standard deviation. */
  private String weights(String name, double mean, double deviation, long... dims) {
    long count = LongStream.of(dims).reduce(1, Math::multiplyExact);
    double width = deviation * Math.sqrt(12);
    Iterable<ByteBuffer> parts =
        () -> {
          SplittableRandom random = new SplittableRandom(seed + name.hashCode());
          return LongStream.iterate(0, start -> start < count, start -> start + PART_FLOATS)
              .mapToObj(
                  start -> part(random, (int) Math.min(PART_FLOATS, count - start), mean, width))
              .iterator();
        };
    return graph.weight(
        Weight.of(name, TensorProto.DataType.FLOAT, LongStream.of(dims).boxed().toList(), parts));
  }

  private static ByteBuffer part(SplittableRandom random, int count, double mean, double width) {
    ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) (mean + width * (random.nextDouble() - 0.5)));
    }
    return bytes.flip();
  }
}
