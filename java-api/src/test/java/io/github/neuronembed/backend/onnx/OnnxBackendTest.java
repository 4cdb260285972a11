package io.github.neuronembed.backend.onnx;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
