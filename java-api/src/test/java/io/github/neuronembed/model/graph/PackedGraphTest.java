package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtException;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The graph alone, on ONNX Runtime. */
class PackedGraphTest {

  private static final int LENGTH = 256;
  private static final int TEXTS = 32;

  @TempDir private Path folder;
  private Path original;
  private Path packed;

  @BeforeEach
  void name() {
    original = folder.resolve("model.onnx");
    packed = folder.resolve("packed.onnx");
  }

  /** The real model: each text in two companies. Long ones are left to the test on the emulator. */
  @ParameterizedTest
  @EnumSource(
      value = PoolingStrategy.class,
      names = {"CLS", "MEAN"})
  void everyGoldenTextHasItsVectorInEveryCompany(PoolingStrategy pooling) throws Exception {
    original = BgeSmall.directory().resolve("onnx/model.onnx");
    PackedGraph.write(original, packed, Pooling.of(pooling), true);
    List<GoldenText> texts =
        GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts().stream()
            .filter(text -> text.tokenIds().length < (pooling == PoolingStrategy.CLS ? 32 : 14))
            .toList();

    List<int[]> tokens = texts.stream().map(GoldenText::tokenIds).toList();
    List<float[]> expected;
    if (pooling == PoolingStrategy.CLS) {
      expected = texts.stream().map(GoldenText::vector).toList();
    } else {
      try (GraphRun alone =
          new GraphRun(original, new Shape(1, LENGTH), new VectorReader(pooling, true))) {
        expected = tokens.stream().map(text -> alone.of(List.of(text)).get(0)).toList();
      }
    }
    List<Integer> company = new ArrayList<>(IntStream.range(0, texts.size()).boxed().toList());
    for (int seed = 0; seed < 2; seed++) {
      Collections.shuffle(company, new Random(seed));
      try (PackedRun run = new PackedRun(packed)) {
        for (List<Integer> row : rows(tokens, company)) {
          List<float[]> vectors =
              run.of(List.of(row.stream().map(tokens::get).toList()), LENGTH, TEXTS);
          for (int i = 0; i < row.size(); i++) {
            assertThat(Vectors.cosine(vectors.get(i), expected.get(row.get(i))))
                .as(texts.get(row.get(i)).id())
                .isGreaterThanOrEqualTo(0.99999);
          }
        }
      }
    }
  }

  /** Texts in the order of a company, as many a row as fit. */
  private static List<List<Integer>> rows(List<int[]> texts, List<Integer> company) {
    List<List<Integer>> rows = new ArrayList<>();
    int free = 0;
    for (int text : company) {
      int tokens = texts.get(text).length;
      if (rows.isEmpty() || tokens > free || rows.get(rows.size() - 1).size() == TEXTS) {
        rows.add(new ArrayList<>());
        free = LENGTH;
      }
      rows.get(rows.size() - 1).add(text);
      free -= tokens;
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"CLS, true", "CLS, false", "MEAN, true", "MEAN, false"})
  void packedTextsHaveTheVectorsThatTheyHaveAlone(PoolingStrategy pooling, boolean normalize)
      throws Exception {
    writePacked(pooling, normalize);

    assertThat(leastCosine(pooling, normalize)).isGreaterThan(0.999_999);
  }

  /** Without any of what keeps texts apart, the test above would fail. */
  @ParameterizedTest
  @CsvSource({
    "CLS, mask, Sub, mask.off, mask.off",
    "CLS, texts.mask, Sub, texts.mask.off, texts.mask.off",
    "CLS, positions, Identity, index.rows,",
    "CLS, segment.starts, Add, segment.starts.off, one",
    "MEAN, mask, Sub, mask.off, mask.off",
    "MEAN, positions, Identity, index.rows,",
    "MEAN, segment.starts, Add, segment.starts.off, one"
  })
  void aGraphThatDoesNotKeepTextsApartIsFound(
      PoolingStrategy pooling, String value, String operator, String input, String secondInput)
      throws Exception {
    writePacked(pooling, true);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(packed));
    GraphProto.Builder mutant = model.getGraph().toBuilder().clearNode();
    for (NodeProto node : model.getGraph().getNodeList()) {
      if (!node.getOutput(0).equals(value)) {
        mutant.addNode(node);
        continue;
      }
      // What was computed goes by another name, and what takes its place by its own.
      mutant.addNode(node.toBuilder().setOutput(0, value + ".off"));
      if (input.equals("index.rows")) {
        mutant.addNode(node("Sub", "start.off", "start", "start"));
        mutant.addNode(node("Sub", "index.rows", "index", "start.off"));
      }
      mutant.addNode(
          secondInput == null
              ? node(operator, value, input)
              : node(operator, value, input, secondInput));
    }
    Files.write(packed, model.toBuilder().setGraph(mutant).build().toByteArray());

    assertThat(leastCosine(pooling, true)).isLessThan(0.999);
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  private void writePacked(PoolingStrategy pooling, boolean normalize) throws Exception {
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);
    PackedGraph.write(original, packed, Pooling.of(pooling), normalize);
  }

  /** Of packed texts with the same ones alone; NaN if one is. */
  private double leastCosine(PoolingStrategy pooling, boolean normalize) throws OrtException {
    List<List<int[]>> rows =
        List.of(
            texts(5, 1, 17, 2, 9), // padding behind it, and texts to spare
            texts(40), // the whole row
            texts(5, 5, 5, 5, 5, 5, 5, 5), // all of its texts and tokens
            texts(1, 1, 1, 1, 1, 1, 1, 1), // all of its texts
            texts());
    double least = 1;
    try (PackedRun run = new PackedRun(packed);
        GraphRun alone =
            new GraphRun(original, new Shape(1, 40), new VectorReader(pooling, normalize))) {
      List<float[]> vectors = run.of(rows, 40, 8);
      List<int[]> texts = rows.stream().flatMap(List::stream).toList();
      assertThat(vectors).hasSameSizeAs(texts);
      for (int i = 0; i < texts.size(); i++) {
        float[] expected = alone.of(List.of(texts.get(i))).get(0);
        least = Math.min(least, Vectors.cosine(vectors.get(i), expected));
        if (least > 0.999_999) {
          assertThat(Vectors.norm(vectors.get(i))).isCloseTo(Vectors.norm(expected), within(1e-4));
        }
      }
    }
    return least;
  }

  private static List<int[]> texts(int... lengths) {
    Random random = new Random(lengths.length);
    return IntStream.of(lengths)
        .mapToObj(
            length -> random.ints(length, 1, RandomBertModelTest.TINY.vocabularySize()).toArray())
        .toList();
  }

  @ParameterizedTest
  @EnumSource(
      value = PoolingStrategy.class,
      names = {"CLS", "MEAN"})
  void itIsMadeOfStandardOperators(PoolingStrategy pooling) throws Exception {
    writePacked(pooling, true);

    OnnxModel model = OnnxModelFile.read(packed);
    assertThat(model.proto().getOpsetImportList())
        .singleElement()
        .satisfies(opset -> assertThat(opset.getDomain()).isEmpty());
    assertThat(model.proto().getGraph().getNodeList())
        .extracting(NodeProto::getDomain)
        .containsOnly("");
    assertThat(model.proto().getDocString()).contains(RandomBertModel.LABEL);
    assertThat(model.proto().getGraph().getInputList())
        .allSatisfy(
            input ->
                assertThat(input.getType().getTensorType().getElemType())
                    .isEqualTo(TensorProto.DataType.INT64.getNumber()))
        .extracting(input -> input.getName())
        .containsExactly(BertGraphReader.INPUT_IDS, PackedGraph.STARTS);
  }

  @Test
  void anEncoderOfIntegersAndAnotherPoolingAreRefused() throws Exception {
    Path quantized = BgeSmall.quantizedDirectory().resolve("onnx/model_quantized.onnx");
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);

    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(
            () -> PackedGraph.write(quantized, packed, Pooling.of(PoolingStrategy.CLS), true))
        .withMessageContaining("integers");
    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(
            () -> PackedGraph.write(original, packed, Pooling.of(PoolingStrategy.MAX), true))
        .withMessageContaining("max");
    assertThat(Files.exists(packed)).isFalse();
  }
}
