package io.github.neuronembed.backend.neuron;

import static io.github.neuronembed.Vectors.cosine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.PoolingStrategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("machine-format")
class EmulatedBackendTest {

  private static final String JSON = " {\"queueDepth\": 3}";

  @Test
  void isConfiguredByTheEnvironment(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("emulator.json"), JSON);
    JsonObject expected = new JsonObject();
    expected.addProperty("queueDepth", 3);

    assertThat(EmulatedBackend.configured(JSON)).isEqualTo(expected);
    assertThat(EmulatedBackend.configured(file.toString())).isEqualTo(expected);
    assertThat(EmulatedBackend.configured(null)).isEqualTo(new JsonObject());
    assertThat(EmulatedBackend.configured("")).isEqualTo(new JsonObject());
  }

  /** The emulator itself pools by CLS and normalises. */
  @Test
  void poolsAsTheModelDoes() {
    ModelDirectory mean =
        ModelDirectory.open(
            BgeSmall.directory(), ModelOverrides.NONE.withPooling(PoolingStrategy.MEAN));
    TextEmbedderBuilder builder = TextEmbedder.builder().model(mean).preparedGraph(false);
    float[] expected;
    try (TextEmbedder onnx = builder.backend(BackendChoice.ONNX).build()) {
      expected = onnx.embedPassage("how tides work");
    }

    try (TextEmbedder emulated = builder.backend(BackendChoice.EMULATOR).build()) {
      assertThat(cosine(emulated.embedPassage("how tides work"), expected))
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "no such file", "\0"})
  void saysThatTheEnvironmentIsWrong(String given) {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> EmulatedBackend.configured(given))
        .withMessageContaining("NRT_EMULATOR_CONFIG");
  }
}
