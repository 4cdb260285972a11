package io.github.neuronembed.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelAtHandTest {

  @Test
  void isLaidOutOnceAndRepairedWhenItIsDamaged(@TempDir Path cache) throws Exception {
    Path directory = ModelAtHand.directory(cache);
    ModelDirectory model = ModelDirectory.open(directory);

    assertThat(model.name()).isEqualTo("bge-small-en-v1.5");
    assertThat(model.hiddenSize()).isEqualTo(384);
    assertThat(model.maxTokens()).isEqualTo(512);
    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.CLS));
    assertThat(model.normalize()).isTrue();
    assertThat(model.prefix(InputType.QUERY)).endsWith("passages: ");
    assertThat(model.prefix(InputType.PASSAGE)).isEmpty();
    long whole = Files.size(model.onnxFile(Precision.INT8));
    assertThat(whole).isGreaterThan(30_000_000);

    assertThat(ModelAtHand.directory(cache)).isEqualTo(directory);
    Files.write(model.onnxFile(Precision.INT8), new byte[10]);
    ModelAtHand.directory(cache);
    assertThat(Files.size(model.onnxFile(Precision.INT8))).isEqualTo(whole);
    assertThat(left(directory)).containsExactly(directory);
  }

  /** What a process left that was ended half way goes with the next that lays the model out. */
  @Test
  void whatWasLeftHalfWayIsRemoved(@TempDir Path cache) throws Exception {
    Path directory = ModelAtHand.directory(cache);
    Path half = Files.createDirectories(directory.resolveSibling("bge.partial1").resolve("onnx"));
    Files.write(half.resolve("model.onnx"), new byte[10]);
    Files.delete(directory.resolve("tokenizer.json"));

    assertThat(ModelAtHand.directory(cache)).isEqualTo(directory);

    assertThat(directory.resolve("tokenizer.json")).isNotEmptyFile();
    assertThat(left(directory)).containsExactly(directory);
  }

  /** Nobody replaces what another process may be reading already. */
  @Test
  void processesThatStartAtOnceLayItOutOnce(@TempDir Path cache) throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  LaysOut.class.getName(),
                  cache.toString())
              .redirectErrorStream(true)
              .start());
    }
    Set<String> printed = new HashSet<>();
    for (Process process : processes) {
      printed.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertThat(process.waitFor()).isZero();
    }
    // The same folder and the same file in it: it was not laid out again.
    assertThat(printed).hasSize(1).allMatch(line -> line.contains("models-"));
  }

  /** The main program of such a process. */
  static final class LaysOut {
    private LaysOut() {}

    public static void main(String[] args) throws Exception {
      Path directory = ModelAtHand.directory(Path.of(args[0]));
      Path file = ModelDirectory.open(directory).onnxFile(Precision.FP32);
      System.out.println(file + " " + Files.getAttribute(file, "unix:ino"));
    }
  }

  private static List<Path> left(Path directory) throws IOException {
    try (Stream<Path> left = Files.list(directory.getParent())) {
      return left.filter(Files::isDirectory).toList();
    }
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed(@TempDir Path folder) throws Exception {
    Path notAFolder = Files.createFile(folder.resolve("file"));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> ModelAtHand.directory(notAFolder))
        .withMessageContaining(notAFolder.toString())
        .withMessageContaining("NEURON_EMBED_CACHE");
  }
}
