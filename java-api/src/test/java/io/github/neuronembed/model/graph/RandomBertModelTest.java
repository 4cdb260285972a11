package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.Vectors;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomBertModelTest {

  static final BertShape TINY = new BertShape(3, 32, 4, 64, 100, 48);

  @TempDir private Path folder;

  @Test
  void theFileSaysThatItsWeightsAreRandom() throws Exception {
    Path file = folder.resolve("model.onnx");
    RandomBertModel.write(file, TINY, 1);

    ModelProto model = OnnxModelFile.read(file).proto();

    assertThat(model.getGraph().getName()).contains("random");
    assertThat(model.getDocString()).contains(RandomBertModel.LABEL);
    assertThat(model.getGraph().getDocString()).contains(RandomBertModel.LABEL);
    assertThat(model.getMetadataPropsList())
        .anySatisfy(property -> assertThat(property.getValue()).isEqualTo(RandomBertModel.LABEL));
  }

  @Test
  void theSeedDecides() throws Exception {
    Path first = folder.resolve("first.onnx");
    Path second = folder.resolve("second.onnx");
    Path third = folder.resolve("third.onnx");
    RandomBertModel.write(first, TINY, 1);
    RandomBertModel.write(second, TINY, 1);
    RandomBertModel.write(third, TINY, 2);

    assertThat(first).hasSameBinaryContentAs(second);
    assertThat(weight(first, "encoder.layer.1.output.dense.weight"))
        .isNotEqualTo(weight(third, "encoder.layer.1.output.dense.weight"));
    assertThat(weight(first, "encoder.layer.1.output.dense.bias"))
        .isNotEqualTo(weight(first, "encoder.layer.0.output.dense.bias"));
  }

  private static ByteBuffer weight(Path file, String name) throws IOException {
    return Objects.requireNonNull(OnnxModelFile.read(file).rawData().get(name));
  }

  @Test
  void itHasTheWeightsOfItsShape() throws Exception {
    Path file = folder.resolve("model.onnx");
    // What the hub's bge-small-en-v1.5 has without its pooler, for its two layers.
    RandomBertModel.write(file, new BertShape(2, 384, 12, 1536, 1000, 512), 1);

    long weights =
        OnnxModelFile.read(file).proto().getGraph().getInitializerList().stream()
            .filter(tensor -> tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber())
            .filter(tensor -> tensor.getDimsCount() > 0)
            .mapToLong(
                tensor ->
                    LongStream.range(0, tensor.getDimsCount())
                        .map(i -> tensor.getDims((int) i))
                        .reduce(1, (a, b) -> a * b))
            .sum();

    long layer = 4 * (384 * 384 + 384) + 384 * 1536 + 1536 + 1536 * 384 + 384 + 4 * 384;
    assertThat(weights).isEqualTo((1000 + 512 + 2 + 2) * 384 + 2 * layer);
  }

  @Test
  void itRunsAndTellsTextsApart() throws Exception {
    Path file = folder.resolve("model.onnx");
    RandomBertModel.write(file, TINY, 1);

    try (GraphRun vectors =
        new GraphRun(file, new Shape(2, 48), new VectorReader(PoolingStrategy.CLS, true))) {
      List<float[]> two = vectors.of(List.of(new int[] {1, 2, 3, 4}, new int[] {1, 9, 8}));

      assertThat(Vectors.norm(two.get(0))).isCloseTo(1, within(1e-5));
      assertThat(Vectors.cosine(two.get(0), two.get(1))).isLessThan(0.999);
    }
  }

  @Test
  void aModelPastTheFormatsLimitIsRefusedBeforeItIsWritten() {
    Path file = folder.resolve("model.onnx");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () -> RandomBertModel.write(file, new BertShape(48, 1536, 16, 6144, 30522, 512), 1))
        .withMessageContaining("2 GiB");
    assertThat(Files.exists(file)).isFalse();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void headsThatDoNotShareTheHiddenSizeEvenlyAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BertShape(1, 30, 4, 8, 8, 8))
        .withMessageContaining("30");
  }
}
