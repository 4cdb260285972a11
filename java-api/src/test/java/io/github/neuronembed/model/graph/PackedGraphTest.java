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
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The graph alone, on ONNX Runtime. */
class PackedGraphTest {

  private static final int LENGTH = 512;
  private static final int TEXTS = 64;

  @TempDir private Path folder;

  /** The real model: each text in two companies, and at two places. */
  @Test
  void everyGoldenTextHasItsVectorInEveryCompany() throws Exception {
    Path packed = folder.resolve("packed.onnx");
    PackedGraph.write(
        BgeSmall.directory().resolve("onnx/model.onnx"),
        packed,
        Pooling.of(PoolingStrategy.CLS),
        true);
    List<GoldenText> texts =
        new ArrayList<>(GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts());

    try (PackedRun run = new PackedRun(packed)) {
      Collections.shuffle(texts, new Random(1));
      expectGolden(run, texts);
      texts.sort(Comparator.comparingInt(text -> -text.tokenIds().length));
      expectGolden(run, texts);
    }
  }

  private static void expectGolden(PackedRun run, List<GoldenText> texts) throws OrtException {
    for (List<Integer> row : rows(texts.stream().map(GoldenText::tokenIds).toList())) {
      List<float[]> vectors =
          run.of(List.of(row.stream().map(i -> texts.get(i).tokenIds()).toList()), LENGTH, TEXTS);
      for (int i = 0; i < row.size(); i++) {
        GoldenText text = texts.get(row.get(i));
        assertThat(Vectors.cosine(vectors.get(i), text.vector()))
            .as(text.id())
            .isGreaterThanOrEqualTo(0.99999);
      }
    }
  }

  /** Texts in order, as many a row as fit. */
  private static List<List<Integer>> rows(List<int[]> texts) {
    List<List<Integer>> rows = new ArrayList<>();
    int free = 0;
    for (int i = 0; i < texts.size(); i++) {
      int tokens = texts.get(i).length;
      if (rows.isEmpty() || tokens > free || rows.get(rows.size() - 1).size() == TEXTS) {
        rows.add(new ArrayList<>());
        free = LENGTH;
      }
      rows.get(rows.size() - 1).add(i);
      free -= tokens;
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({"CLS, true", "CLS, false", "MEAN, true", "MEAN, false"})
  void packedTextsHaveTheVectorsThatTheyHaveAlone(PoolingStrategy pooling, boolean normalize)
      throws Exception {
    Path original = folder.resolve("model.onnx");
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);
    Path packed = folder.resolve("packed.onnx");
    PackedGraph.write(original, packed, Pooling.of(pooling), normalize);
    List<List<int[]>> rows =
        List.of(
            texts(5, 1, 17, 2, 9), // padding behind it, and texts to spare
            texts(40), // the whole row
            texts(5, 5, 5, 5, 5, 5, 5, 5), // all of its texts and tokens
            texts(1, 1, 1, 1, 1, 1, 1, 1), // all of its texts
            texts());

    try (PackedRun run = new PackedRun(packed);
        GraphRun alone =
            new GraphRun(original, new Shape(1, 40), new VectorReader(pooling, normalize))) {
      List<float[]> vectors = run.of(rows, 40, 8);
      List<int[]> texts = rows.stream().flatMap(List::stream).toList();
      assertThat(vectors).hasSameSizeAs(texts);
      for (int i = 0; i < texts.size(); i++) {
        float[] expected = alone.of(List.of(texts.get(i))).get(0);
        assertThat(Vectors.cosine(vectors.get(i), expected)).isGreaterThan(0.999_999);
        assertThat(Vectors.norm(vectors.get(i))).isCloseTo(Vectors.norm(expected), within(1e-4));
      }
    }
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
    Path original = folder.resolve("model.onnx");
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);
    Path packed = folder.resolve("packed.onnx");
    PackedGraph.write(original, packed, Pooling.of(pooling), true);

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
    Path original = folder.resolve("model.onnx");
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);
    Path packed = folder.resolve("packed.onnx");

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
