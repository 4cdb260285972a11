package io.github.neuronembed.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.PreparedGraph;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NeedsNativeCore
class PreparedEncodersTest {

  private static final BertShape SHAPE = new BertShape(2, 8, 2, 16, ModelFolder.VOCABULARY, 64);
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

  @TempDir private Path folder;
  private Path kept;
  private ModelFolder model;
  private Path original;
  private PreparedEncoders encoders;
  private String kernel;

  @BeforeEach
  void writeModel() throws IOException {
    kept = folder.resolve("a/cache");
    model = ModelFolder.complete(folder.resolve("model"));
    original = model.path("onnx/model.onnx");
    Files.createDirectories(original.getParent());
    RandomBertModel.write(original, SHAPE, 1);
    encoders = new PreparedEncoders(new PreparedFolder(kept));
    kernel = CpuKernels.names().get(0);
  }

  private EncoderSource source(Precision precision) {
    return EncoderPreparation.source(model.open(), precision);
  }

  private Path open(EncoderSource source) {
    try (EncoderModel opened = encoders.open(source, kernel)) {
      return opened.file();
    }
  }

  /** All but the lock. */
  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(kept)) {
      return files.filter(file -> !file.endsWith(".lock")).toList();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EXACT", "INT8"})
  void aModelIsPreparedOnce(Precision precision) throws Exception {
    Path prepared = open(source(precision));

    Files.setLastModifiedTime(prepared, LONG_AGO);

    assertThat(open(source(precision))).isEqualTo(prepared);
    assertThat(Files.getLastModifiedTime(prepared)).isEqualTo(LONG_AGO);
    assertThat(files()).containsExactly(prepared);
  }

  @Test
  void whatItWasMadeOfIsInItsName() throws Exception {
    Path exact = open(source(Precision.EXACT));
    Path eight = open(source(Precision.INT8));
    EncoderSource otherTexts =
        new EncoderSource(
            model.open(),
            Precision.INT8,
            List.of(new int[] {1, 9, 8, 7, 2}),
            source(Precision.INT8).reference());
    Path calibrated = open(otherTexts);
    RandomBertModel.write(original, SHAPE, 2);
    Path second = open(source(Precision.EXACT));

    assertThat(files()).containsExactlyInAnyOrder(exact, eight, calibrated, second);
  }

  @Test
  void aDamagedFileIsMadeAgain() throws Exception {
    Path prepared = open(source(Precision.EXACT));
    byte[] whole = Files.readAllBytes(prepared);
    List<byte[]> damages = new ArrayList<>();
    damages.add(new byte[0]);
    damages.add(Arrays.copyOf(whole, whole.length - 64));
    damages.add(Arrays.copyOf(whole, whole.length + 64));
    for (int at = 0; at < whole.length; at += whole.length / 7) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 0x10;
      damages.add(flipped);
    }
    for (byte[] damaged : damages) {
      // Not in place: somebody may have it mapped.
      Path other = Files.write(kept.resolve("damaged"), damaged);
      Files.move(other, prepared, StandardCopyOption.REPLACE_EXISTING);

      assertThat(open(source(Precision.EXACT))).isEqualTo(prepared);

      assertThat(prepared).hasBinaryContent(whole);
    }
  }

  @Test
  void aFileOfAnotherModelIsMadeAgain() throws Exception {
    Path prepared = open(source(Precision.EXACT));
    byte[] whole = Files.readAllBytes(prepared);
    RandomBertModel.write(original, SHAPE, 2);
    Path foreign = open(source(Precision.EXACT));
    RandomBertModel.write(original, SHAPE, 1);
    Files.copy(foreign, prepared, StandardCopyOption.REPLACE_EXISTING);

    assertThat(open(source(Precision.EXACT))).isEqualTo(prepared);

    assertThat(prepared).hasBinaryContent(whole);
  }

  /** It ends when the file is written and not yet compared: nothing of it is ever opened. */
  @Test
  void whatAKilledProcessLeftIsNeverOpened() throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                EncoderPreparation.class.getName(),
                model.path().toString(),
                kept.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();

    assertThat(ended).isTrue();
    assertThat(process.exitValue())
        .as(() -> "%s".formatted(output))
        .isEqualTo(EncoderPreparation.KILLED);
    assertThat(files()).isNotEmpty().allMatch(file -> file.toString().endsWith(".part"));

    Path prepared = open(source(Precision.EXACT));

    assertThat(files()).containsExactly(prepared);
  }

  @Test
  void whoeverStartsAtTheSameTimeFindsTheSameWholeFile() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Path>> found = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        found.add(
            threads.submit(
                () -> {
                  PreparedEncoders own = new PreparedEncoders(new PreparedFolder(kept));
                  try (EncoderModel opened = own.open(source(Precision.EXACT), kernel)) {
                    return opened.file();
                  }
                }));
      }
      for (Future<Path> each : found) {
        assertThat(each.get()).isEqualTo(found.get(0).get());
      }
    } finally {
      threads.shutdown();
    }
    assertThat(files()).hasSize(1);
  }

  @Test
  void vectorsThatWouldBeTooFarAreRefusedOnceAndForAll() throws Exception {
    List<Integer> asked = new ArrayList<>();
    EncoderSource far =
        new EncoderSource(
            model.open(),
            Precision.EXACT,
            source(Precision.EXACT).calibration(),
            texts -> {
              asked.add(texts.size());
              List<float[]> others =
                  new ArrayList<>(EncoderPreparation.vectors(model.open(), texts));
              others.get(0)[0] += 0.5f;
              return others;
            });

    for (int i = 0; i < 2; i++) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> encoders.open(far, kernel))
          .withMessageContainingAll("cosine", "0.99999", original.toString());
    }

    assertThat(asked).hasSize(1);
    assertThat(files()).hasSize(1).allMatch(file -> file.toString().endsWith(".refused"));
  }

  @Test
  void aGraphThatIsNotRecognisedSaysWhy() throws Exception {
    PreparedGraph.prepare(
        original, folder.resolve("pooled.onnx"), Pooling.of(PoolingStrategy.CLS), true);
    Files.move(folder.resolve("pooled.onnx"), original, StandardCopyOption.REPLACE_EXISTING);

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> open(source(Precision.EXACT)))
        .withMessageContainingAll(original.toString(), "graph");
  }

  @Test
  void whereNothingCanBeKeptItSaysSo() throws Exception {
    Path file = Files.createFile(folder.resolve("a file, no folder"));
    PreparedEncoders nowhere = new PreparedEncoders(new PreparedFolder(file.resolve("prepared")));

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> nowhere.open(source(Precision.EXACT), kernel))
        .withMessageContainingAll("NEURON_EMBED_CACHE", original.toString());
  }

  @Test
  void theEncoderHasNoFloat32() {
    ModelDirectory opened = model.open();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> EncoderPreparation.source(opened, Precision.FP32))
        .withMessageContaining("ONNX Runtime");
  }
}
