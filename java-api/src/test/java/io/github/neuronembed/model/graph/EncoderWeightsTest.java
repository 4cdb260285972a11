package io.github.neuronembed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderWeightsTest {

  private static final BertShape SHAPE = new BertShape(2, 8, 2, 16, 40, 24);
  private static final String IDENTITY = "0123456789abcdef".repeat(4);

  @TempDir private Path folder;

  @Test
  void aFileHasTheHeaderAndEveryTensorInOrder() throws Exception {
    Path onnx = folder.resolve("model.onnx");
    RandomBertModel.write(onnx, SHAPE, 7);
    Path file = folder.resolve("weights");

    EncoderWeights weights = EncoderWeights.of(onnx);
    weights.write(file, IDENTITY, true, false);

    assertThat(weights.shape()).isEqualTo(SHAPE);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(text(bytes, 8)).isEqualTo("NEBERTW1");
    for (int expected : new int[] {1, 2, 8, 2, 16, 40, 24, 1, 0}) {
      assertThat(bytes.getInt()).isEqualTo(expected);
    }
    assertThat(bytes.getFloat()).isEqualTo(1e-12f);
    assertThat(text(bytes, 64)).isEqualTo(IDENTITY);
    for (float[] tensor : tensors(onnx)) {
      for (float value : tensor) {
        assertThat(bytes.getFloat()).isEqualTo(value);
      }
    }
    assertThat(bytes.hasRemaining()).isFalse();
  }

  private static String text(ByteBuffer bytes, int length) {
    byte[] text = new byte[length];
    bytes.get(text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  /** The initializers by their names in the graph, of token types the first. */
  private static List<float[]> tensors(Path onnx) throws IOException {
    OnnxModel model = OnnxModelFile.read(onnx);
    List<float[]> tensors = new ArrayList<>();
    for (String name :
        List.of(
            "word_embeddings.weight",
            "position_embeddings.weight",
            "token_type_embeddings.weight",
            "LayerNorm.weight",
            "LayerNorm.bias")) {
      tensors.add(floats(model, "embeddings." + name));
    }
    float[] types = tensors.get(2);
    tensors.set(2, Arrays.copyOf(types, SHAPE.hiddenSize()));
    for (int layer = 0; layer < SHAPE.layers(); layer++) {
      for (String name :
          List.of(
              "attention.self.query",
              "attention.self.key",
              "attention.self.value",
              "attention.output.dense",
              "attention.output.LayerNorm",
              "intermediate.dense",
              "output.dense",
              "output.LayerNorm")) {
        for (String part : List.of("weight", "bias")) {
          tensors.add(floats(model, "encoder.layer.%s.%s.%s".formatted(layer, name, part)));
        }
      }
    }
    return tensors;
  }

  private static float[] floats(OnnxModel model, String name) {
    ByteBuffer bytes =
        Objects.requireNonNull(model.rawData().get(name), name)
            .duplicate()
            .order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.capacity() / Float.BYTES];
    bytes.clear().asFloatBuffer().get(values);
    return values;
  }

  @Test
  void theRealModelIsRecognised() throws Exception {
    EncoderWeights weights =
        EncoderWeights.of(ModelDirectory.open(BgeSmall.directory()).onnxFile(Precision.FP32));

    assertThat(weights.shape()).isEqualTo(BertShape.BGE_SMALL);
  }

  @Test
  void quantizedWeightsAreRefused() {
    Path quantized = ModelDirectory.open(BgeSmall.quantizedDirectory()).onnxFile(Precision.INT8);

    assertThatExceptionOfType(UnsupportedGraphException.class)
        .isThrownBy(() -> EncoderWeights.of(quantized))
        .withMessageContaining("integers");
  }

  @Test
  void anIdentityOfAnotherLengthIsRefused() throws Exception {
    Path onnx = folder.resolve("model.onnx");
    RandomBertModel.write(onnx, SHAPE, 7);
    EncoderWeights weights = EncoderWeights.of(onnx);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> weights.write(folder.resolve("weights"), "short", true, false));
  }

  @Test
  void theDigestIsThatOfTheWholeFile() throws Exception {
    Path file = Files.writeString(folder.resolve("abc"), "abc");

    // FIPS 180-2, appendix B.1.
    assertThat(EncoderWeights.sha256(file))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}
