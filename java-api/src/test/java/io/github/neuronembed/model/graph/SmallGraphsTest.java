package io.github.neuronembed.model.graph;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.Vectors;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.onnx.AttributeProto;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What derives from BERT, in the operators of several exporters. */
class SmallGraphsTest {

  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();
  private static final int PADDING = 1;

  @TempDir private Path folder;

  static List<SmallModel> exportedTwice() {
    return SmallModel.exportedTwice();
  }

  private Path first(SmallModel small) throws IOException {
    return small.writeTo(Files.createDirectory(folder.resolve("first"))).resolve("onnx/model.onnx");
  }

  private Path second(SmallModel small) throws IOException {
    return small
        .writeSecondTo(Files.createDirectory(folder.resolve("second")))
        .resolve("onnx/model.onnx");
  }

  /** Opsets 17 to 21; norms and GELU as one operator and written out; masks of all kinds. */
  @ParameterizedTest
  @MethodSource("exportedTwice")
  void theFilesOfBothExportersAreTheSameEncoder(SmallModel small) throws Exception {
    BertEncoder one = BertEncoder.of(OnnxModelFile.read(first(small)));
    BertEncoder other = BertEncoder.of(OnnxModelFile.read(second(small)));

    assertThat(numbers(other)).isEqualTo(numbers(one));
    assertThat(weights(other)).isEqualTo(weights(one));
    boolean counted = small.name().contains("ROBERTA");
    assertThat(one.embeddings().padding()).isEqualTo(counted ? (Long) (long) PADDING : null);
    assertThat(one.embeddings().takesTypes()).isEqualTo(small == SmallModel.BERT_RERANKER);
    assertThat(one.embeddings().tokenType() == null).isEqualTo(small == SmallModel.DISTILBERT);
    assertThat(one.head() != null).isEqualTo(SmallModel.rerankers().contains(small));
  }

  private static List<Object> numbers(BertEncoder encoder) {
    List<Object> numbers = new ArrayList<>();
    numbers.add(encoder.hiddenSize());
    numbers.add(encoder.heads());
    numbers.add(encoder.maskValue());
    numbers.add(String.valueOf(encoder.embeddings().padding()));
    numbers.add(encoder.embeddings().takesTypes());
    numbers.add(encoder.embeddings().norm().epsilon());
    return numbers;
  }

  private static List<ByteBuffer> weights(BertEncoder encoder) {
    List<ByteBuffer> weights = new ArrayList<>();
    weights.add(encoder.embeddings().word().vectors().bytes());
    weights.add(encoder.embeddings().position().vectors().bytes());
    if (encoder.embeddings().tokenType() != null) {
      weights.add(encoder.embeddings().tokenType().vectors().bytes());
    }
    for (BertEncoder.Layer layer : encoder.layers()) {
      layer.linears().forEach(linear -> add(weights, linear));
    }
    if (encoder.head() != null) {
      add(weights, encoder.head().dense());
      add(weights, encoder.head().output());
    }
    return weights;
  }

  private static void add(List<ByteBuffer> weights, Linear linear) {
    weights.add(linear.weight().bytes());
    weights.add(linear.bias().bytes());
  }

  /** Whatever differs is refused, or means the same: never another encoder. */
  @ParameterizedTest
  @MethodSource("exportedTwice")
  void everyOperatorOperandAndAttributeCounts(SmallModel small) throws Exception {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(second(small)));
    BertEncoder encoder = BertEncoder.of(new OnnxModel(model, Map.of()));
    int refused = 0;
    for (int i = 0; i < model.getGraph().getNodeCount(); i++) {
      NodeProto node = model.getGraph().getNode(i);
      int index = i;
      refused += refuses(model, encoder, graph -> graph.getNodeBuilder(index).setOpType("Abs"));
      for (int operand = 0; operand < node.getInputCount(); operand++) {
        int at = operand;
        for (String value : List.of("nothing", "attention_mask", "last_hidden_state")) {
          refused +=
              refuses(model, encoder, graph -> graph.getNodeBuilder(index).setInput(at, value));
        }
      }
      for (int attribute = 0; attribute < node.getAttributeCount(); attribute++) {
        int at = attribute;
        refused +=
            refuses(
                model,
                encoder,
                graph -> change(graph.getNodeBuilder(index).getAttributeBuilder(at)));
      }
    }
    assertThat(refused).isGreaterThan(4 * model.getGraph().getNodeCount());
  }

  private static void change(AttributeProto.Builder attribute) {
    if (attribute.getIntsCount() > 0) {
      attribute.setInts(0, attribute.getInts(0) + 4);
    } else if (attribute.hasF()) {
      attribute.setF(attribute.getF() + 1);
    } else {
      attribute.setI(attribute.getI() + 7).clearS();
    }
  }

  private static int refuses(
      ModelProto model, BertEncoder encoder, Consumer<GraphProto.Builder> change) {
    ModelProto.Builder changed = model.toBuilder();
    change.accept(changed.getGraphBuilder());
    try {
      BertEncoder other = BertEncoder.of(new OnnxModel(changed.build(), Map.of()));
      assertThat(weights(other)).isEqualTo(weights(encoder));
      if (encoder.embeddings().norm().epsilon() == other.embeddings().norm().epsilon()) {
        assertThat(numbers(other)).isEqualTo(numbers(encoder));
      }
      return 0;
    } catch (UnsupportedGraphException e) {
      assertThat(e.getMessage()).isNotBlank();
      return 1;
    }
  }

  /** Positions are counted by ids, so that padding may lie on either side, or within a text. */
  @Test
  void positionsBeginBehindPaddingOnEitherSide() throws Exception {
    Path prepared = folder.resolve("prepared.onnx");
    Path original = second(SmallModel.XLM_ROBERTA);
    PreparedGraph.prepare(original, prepared, Pooling.of(PoolingStrategy.MEAN), true);
    try (OrtSession session = ENVIRONMENT.createSession(prepared.toString());
        OrtSession asItIs = ENVIRONMENT.createSession(original.toString())) {
      SmallModel.Golden text = SmallModel.XLM_ROBERTA.golden().get(3);
      int[] ids = text.idArray();
      int length = ids.length + 5;
      for (int before : new int[] {0, 2, 5}) {
        float[] vector = run(session, ids, before, length);
        assertThat(Vectors.cosine(vector, text.vectorArray())).isGreaterThan(0.999_999);
      }
      // The padding token as a part of the text, as a text that spells it gives it.
      int[] spelled = ids.clone();
      spelled[2] = PADDING;
      float[] all = run(asItIs, spelled, 0, ids.length);
      assertThat(Vectors.cosine(run(session, spelled, 0, length), mean(all, ids.length)))
          .isGreaterThan(0.999_999);
    }
  }

  private static float[] run(OrtSession session, int[] ids, int before, int length)
      throws OrtException {
    long[][] padded = new long[1][length];
    long[][] mask = new long[1][length];
    Arrays.fill(padded[0], PADDING);
    for (int i = 0; i < ids.length; i++) {
      padded[0][before + i] = ids[i];
      mask[0][before + i] = 1;
    }
    try (OnnxTensor inputIds = OnnxTensor.createTensor(ENVIRONMENT, padded);
        OnnxTensor attentionMask = OnnxTensor.createTensor(ENVIRONMENT, mask);
        OrtSession.Result result =
            session.run(Map.of("input_ids", inputIds, "attention_mask", attentionMask))) {
      OnnxTensor output = (OnnxTensor) result.get(0);
      float[] values = new float[output.getFloatBuffer().remaining()];
      output.getFloatBuffer().get(values);
      return values;
    }
  }

  private static float[] mean(float[] vectors, int count) {
    float[] mean = new float[vectors.length / count];
    for (int i = 0; i < vectors.length; i++) {
      mean[i % mean.length] += vectors[i] / count;
    }
    return mean;
  }

  /** In two companies, by the packed graph alone. */
  @ParameterizedTest
  @EnumSource(
      value = SmallModel.class,
      names = {"XLM_ROBERTA", "ROBERTA", "DISTILBERT", "XLM_ROBERTA_RERANKER"})
  void everyPackedTextIsTheReferences(SmallModel small) throws Exception {
    Path packed = folder.resolve("packed.onnx");
    if (small == SmallModel.XLM_ROBERTA_RERANKER) {
      PackedGraph.writeScores(first(small), packed);
    } else {
      PoolingStrategy pooling =
          small == SmallModel.ROBERTA ? PoolingStrategy.CLS : PoolingStrategy.MEAN;
      PackedGraph.write(first(small), packed, Pooling.of(pooling), true);
    }
    List<SmallModel.Golden> texts =
        new ArrayList<>(small.golden().stream().filter(text -> text.ids().size() <= 200).toList());
    try (PackedRun run = new PackedRun(packed)) {
      for (int seed = 0; seed < 2; seed++) {
        Collections.shuffle(texts, new Random(seed));
        for (int at = 0; at + 2 <= texts.size(); at += 2) {
          List<SmallModel.Golden> two = texts.subList(at, at + 2);
          List<int[]> row = two.stream().map(SmallModel.Golden::idArray).toList();
          List<float[]> vectors = run.of(List.of(row), 401, 3);
          for (int i = 0; i < 2; i++) {
            SmallModel.Golden text = two.get(i);
            if (text.vector().isEmpty()) {
              assertThat((double) vectors.get(i)[0])
                  .as(text.id())
                  .isCloseTo(text.logit(), within(1e-4));
            } else {
              assertThat(Vectors.cosine(vectors.get(i), text.vectorArray()))
                  .as(text.id())
                  .isGreaterThan(0.999_99);
            }
          }
        }
      }
    }
  }

  @Test
  void anotherKindOfModelIsRefusedByName() throws Exception {
    Path target = folder.resolve("target.onnx");
    Path scores = first(SmallModel.BERT_RERANKER);
    Path vectors = second(SmallModel.ROBERTA);
    Pooling cls = Pooling.of(PoolingStrategy.CLS);

    assertRefused("scores", () -> PreparedGraph.prepare(scores, target, cls, true));
    assertRefused("scores", () -> PackedGraph.write(scores, target, cls, true));
    assertRefused("scores", () -> EncoderWeights.of(scores));
    assertRefused("padding token", () -> EncoderWeights.of(vectors));
    assertRefused("vectors", () -> PreparedGraph.prepareScores(vectors, target));
    assertRefused("token types", () -> PackedGraph.writeScores(scores, target));
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).doesNotContain(target);
    }
  }

  /** Token types that there are none of are zeros. */
  @Test
  void theCpuEncoderTakesDistilBert() throws Exception {
    Path weights = folder.resolve("weights");
    EncoderWeights read = EncoderWeights.of(second(SmallModel.DISTILBERT));
    read.write(weights, "0".repeat(EncoderWeights.IDENTITY_BYTES), true, true);

    assertThat(read.shape()).isEqualTo(new BertShape(2, 16, 4, 32, 700, 512));
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(weights)).order(LITTLE_ENDIAN);
    int types = EncoderWeights.HEADER_BYTES + (700 + 512) * 16 * Float.BYTES;
    assertThat(bytes.getFloat(types - Float.BYTES)).isNotZero();
    for (int i = 0; i < 16; i++) {
      assertThat(bytes.getFloat(types + i * Float.BYTES)).isZero();
    }
    assertThat(bytes.getFloat(types + 16 * Float.BYTES)).isNotZero();
  }

  private interface Step {
    void run() throws Exception;
  }

  private static void assertRefused(String why, Step step) {
    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(step::run)
        .withMessageContaining(why);
  }
}
