package io.github.neuronembed.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.ModelLoadException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {

  @TempDir Path temp;
  private ModelFolder folder;

  @BeforeEach
  void writeFolder() {
    folder = ModelFolder.complete(temp);
  }

  /** The fields of an ONNX ModelProto: version, producer, a graph of 300 bytes, an opset. */
  private static byte[] model() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x08, 0x08, 0x12, 0x02, 'm', 'e', 0x3A, (byte) 0xAC, 0x02});
    out.writeBytes(new byte[300]);
    out.writeBytes(new byte[] {0x42, 0x02, 0x10, 0x11});
    return out.toByteArray();
  }

  @Test
  void aWholeFileIsFound() {
    assertThat(folder.open().onnxPrecisions()).isEmpty();
    folder.write("onnx/model.onnx", model());
    folder.write("onnx/model_quantized.onnx", model());

    ModelDirectory directory = folder.open();

    assertThat(directory.onnxPrecisions()).containsExactly(Precision.FP32, Precision.INT8);
    assertThat(directory.onnxFile(Precision.FP32)).isEqualTo(folder.path("onnx/model.onnx"));
    assertThat(OnnxFile.isWhole(folder.path("onnx/model.onnx"))).isTrue();
    assertThat(directory.onnxFile(Precision.INT8))
        .isEqualTo(folder.path("onnx/model_quantized.onnx"));
  }

  @Test
  void theOtherNameOfTheQuantizedFileIsFound() {
    folder.write("onnx/model_int8.onnx", model());
    assertThat(folder.open().onnxFile(Precision.INT8))
        .isEqualTo(folder.path("onnx/model_int8.onnx"));
  }

  @Test
  void aMissingFileIsNamed() {
    refused(Precision.FP32, "onnx/model.onnx is missing");
    refused(Precision.INT8, "onnx/model_quantized.onnx is missing");
  }

  @Test
  void aFileCutOffAnywhereIsRefused() {
    byte[] whole = model();
    // The last four bytes are a field of their own: a cut before them cannot be seen.
    for (int length = 0; length < whole.length - 4; length++) {
      folder.write("onnx/model.onnx", Arrays.copyOf(whole, length));
      refused(Precision.FP32, "onnx/model.onnx", "it has " + length + " bytes");
    }
    folder.write("onnx/model.onnx", Arrays.copyOf(whole, whole.length - 1));
    refused(Precision.FP32, "is not a whole ONNX model");
  }

  @Test
  void otherFilesAreRefused() {
    folder.write("onnx/model.onnx", "hello");
    refused(Precision.FP32, "is not a whole ONNX model");
    folder.write("onnx/model.onnx", new byte[1000]);
    refused(Precision.FP32, "is not a whole ONNX model");
    // A length over 2^63.
    folder.write(
        "onnx/model.onnx", new byte[] {0x3A, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x01, 0x00, 0x00});
    refused(Precision.FP32, "is not a whole ONNX model");
    folder.write(
        "onnx/model.onnx",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 133093490\n"
            .getBytes(StandardCharsets.UTF_8));
    refused(Precision.FP32, "Git LFS pointer", "git lfs pull");
    folder.delete("onnx/model.onnx").write("onnx/model.onnx/file", "");
    refused(Precision.FP32, "onnx/model.onnx cannot be read");
  }

  private void refused(Precision precision, String... parts) {
    ModelDirectory model = folder.open();
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> model.onnxFile(precision))
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    assertThat(OnnxFile.isWhole(folder.path("onnx/model.onnx"))).isFalse();
  }
}
