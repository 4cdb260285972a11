package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("machine-format")
class PreparedGraphCacheTest {

  private static final BertShape SHAPE = new BertShape(2, 8, 2, 16, ModelFolder.VOCABULARY, 64);
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

  @TempDir private Path folder;
  private Path kept;
  private ModelFolder model;
  private Path original;
  private PreparedGraphCache cache;

  @BeforeEach
  void writeModel() throws IOException {
    kept = folder.resolve("a/cache");
    model = ModelFolder.complete(folder.resolve("model"));
    original = model.path("onnx/model.onnx");
    Files.createDirectories(original.getParent());
    RandomBertModel.write(original, SHAPE, 1);
    cache = new PreparedGraphCache(kept);
  }

  @Test
  void aModelIsPreparedOnceAndForItsPooling() throws Exception {
    Path prepared = cache.fileFor(model.open(), Precision.FP32);

    assertThat(prepared).hasParent(kept);
    expectMadeOf(original, prepared);
    Files.setLastModifiedTime(prepared, LONG_AGO);

    assertThat(cache.fileFor(model.open(), Precision.FP32)).isEqualTo(prepared);
    assertThat(Files.getLastModifiedTime(prepared)).isEqualTo(LONG_AGO);
    assertThat(models()).containsExactly(prepared);
  }

  @Test
  void otherContentAndOtherPoolingAreOtherFiles() throws Exception {
    Path first = cache.fileFor(model.open(), Precision.FP32);
    ModelDirectory mean =
        ModelDirectory.open(model.path(), ModelOverrides.NONE.withPooling(PoolingStrategy.MEAN));
    Path pooled = cache.fileFor(mean, Precision.FP32);
    RandomBertModel.write(original, SHAPE, 2);
    Path second = cache.fileFor(model.open(), Precision.FP32);

    assertThat(models()).containsExactlyInAnyOrder(first, pooled, second);
    assertThat(first(second)).isNotEqualTo(first(first));
  }

  private static float[] first(Path file) {
    try (GraphRun vectors =
        new GraphRun(file, new Shape(1, 8), new VectorReader(PoolingStrategy.CLS, true))) {
      return vectors.of(List.of(new int[] {1, 5, 9, 2})).get(0);
    }
  }

  @Test
  void aDamagedFileIsMadeAgainAndWhatWasLeftHalfWayGoes() throws Exception {
    Path prepared = cache.fileFor(model.open(), Precision.FP32);
    byte[] whole = Files.readAllBytes(prepared);
    Files.write(prepared, new byte[10]);
    Files.write(kept.resolve("some.onnx.1234.part"), new byte[10]);

    assertThat(cache.fileFor(model.open(), Precision.FP32)).isEqualTo(prepared);

    assertThat(prepared).hasBinaryContent(whole);
    assertThat(models()).containsExactly(prepared);
  }

  @Test
  void everyPrecisionIsPrepared() throws Exception {
    Path quantized = model.path("onnx/model_quantized.onnx");
    RandomBertModel.write(quantized, SHAPE, 2);

    Path prepared = cache.fileFor(model.open(), Precision.INT8);

    assertThat(prepared).hasParent(kept);
    expectMadeOf(quantized, prepared);
  }

  @Test
  void aGraphThatCannotBeRewrittenIsRunAsItIs() throws Exception {
    Path prepared = cache.fileFor(model.open(), Precision.FP32);
    Files.copy(prepared, folder.resolve("pooled.onnx"));
    Files.delete(original);
    Files.move(folder.resolve("pooled.onnx"), original);

    assertThat(cache.fileFor(model.open(), Precision.FP32)).isEqualTo(original);
    assertThat(models()).containsExactly(prepared);
  }

  @Test
  void aWeightThatLostAnAxisIsNoFailure() throws Exception {
    ModelProto.Builder flat = ModelProto.parseFrom(Files.readAllBytes(original)).toBuilder();
    flat.getGraphBuilder().getInitializerBuilderList().stream()
        .filter(weight -> weight.getName().equals("encoder.layer.1.intermediate.dense.weight"))
        .forEach(BertGraphReaderTest::withAnAxisLess);
    Files.write(original, flat.build().toByteArray());

    assertThat(cache.fileFor(model.open(), Precision.FP32)).isEqualTo(original);
  }

  @Test
  void whereNothingCanBeKeptTheOriginalIsRun() throws Exception {
    Path file = Files.createFile(folder.resolve("a file, no folder"));
    PreparedGraphCache nowhere = new PreparedGraphCache(file.resolve("prepared"));

    assertThat(nowhere.fileFor(model.open(), Precision.FP32)).isEqualTo(original);
  }

  @Test
  void aModelWithoutAFileIsRefused() throws Exception {
    Files.delete(original);

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> cache.fileFor(model.open(), Precision.FP32))
        .withMessageContaining(original.toString());
  }

  @Test
  void whoeverStartsAtTheSameTimeFindsTheSameWholeFile() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Path>> found =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> new PreparedGraphCache(kept).fileFor(model.open(), Precision.FP32)))
              .toList();
      for (Future<Path> each : found) {
        assertThat(each.get()).isEqualTo(found.get(0).get()).hasParent(kept);
      }
    } finally {
      threads.shutdown();
    }
    assertThat(models()).hasSize(1);
  }

  private static void expectMadeOf(Path source, Path prepared) throws IOException {
    assertThat(OnnxModelFile.read(prepared).proto().getMetadataPropsList())
        .extracting(property -> property.getValue())
        .contains(OnnxModelFile.sha256(source));
  }

  /** All but the lock. */
  private List<Path> models() throws IOException {
    try (Stream<Path> files = Files.list(kept)) {
      return files.filter(file -> !file.endsWith(".lock")).toList();
    }
  }
}
