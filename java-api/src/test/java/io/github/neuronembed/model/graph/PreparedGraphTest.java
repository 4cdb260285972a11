package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreparedGraphTest {

  private static final Shape SHAPE = new Shape(6, 40);

  @TempDir private Path folder;
  private Path original;
  private Path target;

  @BeforeEach
  void writeOriginal() throws IOException {
    original = folder.resolve("model.onnx");
    target = folder.resolve("prepared.onnx");
    RandomBertModel.write(original, RandomBertModelTest.TINY, 7);
  }

  @ParameterizedTest
  @CsvSource({"CLS, true", "CLS, false", "MEAN, true", "MEAN, false"})
  void thePreparedModelGivesTheOriginalsVectors(PoolingStrategy pooling, boolean normalize)
      throws Exception {
    PreparedGraph.prepare(original, target, Pooling.of(pooling), normalize);

    expectEqualVectors(pooling, normalize);
  }

  @ParameterizedTest
  @CsvSource({"CLS", "MEAN"})
  void aSingleLayerIsEnough(PoolingStrategy pooling) throws Exception {
    RandomBertModel.write(original, new BertShape(1, 24, 3, 40, 100, 48), 8);
    PreparedGraph.prepare(original, target, Pooling.of(pooling), true);

    expectEqualVectors(pooling, true);
  }

  private void expectEqualVectors(PoolingStrategy pooling, boolean normalize) {
    VectorReader reader = new VectorReader(pooling, normalize);
    try (GraphRun expected = new GraphRun(original, SHAPE, reader);
        GraphRun actual = new GraphRun(target, SHAPE, reader)) {
      assertThat(expected.pooledInGraph()).isFalse();
      assertThat(actual.pooledInGraph()).isTrue();
      List<int[]> texts =
          IntStream.of(40, 1, 17, 2, 33, 5).mapToObj(PreparedGraphTest::text).toList();
      List<float[]> together = actual.of(texts);
      for (int i = 0; i < texts.size(); i++) {
        float[] alone = expected.of(List.of(texts.get(i))).get(0);
        for (float[] vector : List.of(together.get(i), actual.of(List.of(texts.get(i))).get(0))) {
          assertThat(Vectors.cosine(vector, alone)).isGreaterThan(0.999_999);
          assertThat(Vectors.norm(vector)).isCloseTo(Vectors.norm(alone), within(1e-4));
        }
      }
    }
  }

  private static int[] text(int length) {
    return new Random(length).ints(length, 1, RandomBertModelTest.TINY.vocabularySize()).toArray();
  }

  @Test
  void allButTheFirstTokensOfTheLastLayerAreLeftOut() throws Exception {
    PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.CLS), true);

    assertThat(operators(target))
        .filteredOn("Attention"::equals)
        .hasSize(RandomBertModelTest.TINY.layers() - 1);
  }

  @Test
  void theOriginalIsUntouchedAndNothingElseIsLeftBehind() throws Exception {
    byte[] before = Files.readAllBytes(original);

    PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.CLS), true);

    assertThat(Files.readAllBytes(original)).isEqualTo(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(original, target);
    }
  }

  @Test
  void aPreparedFileSaysWhatItWasMadeOf() throws Exception {
    PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.MEAN), false);

    assertThat(OnnxModelFile.read(target).proto().getMetadataPropsList())
        .extracting(property -> property.getKey() + "=" + property.getValue())
        .contains(
            PreparedGraph.VERSION_KEY + "=" + PreparedGraph.VERSION,
            PreparedGraph.ORIGINAL_KEY + "=" + OnnxModelFile.sha256(original),
            PreparedGraph.POOLING_KEY + "=MEAN",
            PreparedGraph.NORMALIZE_KEY + "=false");
  }

  @Test
  void weightsThatAreReadStayInTheFile() throws Exception {
    OnnxModel model = OnnxModelFile.read(original);

    assertThat(model.rawData().values()).isNotEmpty().allMatch(ByteBuffer::isDirect);
    assertThat(model.proto().getGraph().getInitializerList())
        .isNotEmpty()
        .noneMatch(TensorProto::hasRawData);
  }

  @Test
  void whatIsKnownOfTheOriginalIsPassedOn() throws Exception {
    PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.CLS), true);

    ModelProto prepared = OnnxModelFile.read(target).proto();
    assertThat(prepared.getDocString()).contains(RandomBertModel.LABEL);
    assertThat(prepared.getMetadataPropsList())
        .anySatisfy(
            property -> {
              assertThat(property.getKey()).isEqualTo(RandomBertModel.LABEL_KEY);
              assertThat(property.getValue()).isEqualTo(RandomBertModel.LABEL);
            });
  }

  @Test
  void whatCannotBeRewrittenLeavesTheTargetAsItWas() throws Exception {
    PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.CLS), true);
    byte[] before = Files.readAllBytes(target);

    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(
            () -> PreparedGraph.prepare(target, target, Pooling.of(PoolingStrategy.CLS), true))
        .withMessageContaining(FusedBertGraph.OUTPUT);
    assertThat(Files.readAllBytes(target)).isEqualTo(before);
  }

  @Test
  void aFileThatIsNoModelIsNamed() throws Exception {
    Files.writeString(original, "not a model");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () -> PreparedGraph.prepare(original, target, Pooling.of(PoolingStrategy.CLS), true))
        .withMessageContaining(original.toString());
    assertThat(target).doesNotExist();
  }

  private static List<String> operators(Path file) throws IOException {
    return OnnxModelFile.read(file).proto().getGraph().getNodeList().stream()
        .map(NodeProto::getOpType)
        .toList();
  }
}
