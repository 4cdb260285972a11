package io.github.neuronembed.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxBackendTest {

  private static final OnnxOptions OPTIONS = OnnxOptions.forModel(512, Precision.FP32);

  @Test
  void aMissingFileIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("model.onnx");

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> OnnxBackend.open(file, 0, OPTIONS))
        .withMessageContaining(file.toString())
        .withMessageContaining("does not exist");
  }

  @Test
  void whatIsNoModelIsNamed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("model.onnx"), "not a model");

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> OnnxBackend.open(file, 0, OPTIONS))
        .withMessageContaining(file.toString());
  }

  /** In a process of its own: its memory is limited. */
  @Test
  void aSlotThatHasNoMemoryIsRefusedAndHoldsNothing(@TempDir Path folder) throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:MaxDirectMemorySize=256k",
                "-cp",
                System.getProperty("java.class.path"),
                SlotMemoryProbe.class.getName(),
                BgeSmall.directory().resolve("onnx/model.onnx").toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();

    assertThat(ended).isTrue();
    assertThat(Files.readAllLines(output))
        .anyMatch(
            line ->
                line.startsWith("refused A slot of ")
                    && line.contains("512 needs ")
                    && line.contains("-XX:MaxDirectMemorySize"))
        .contains("closed");
  }
}
