package io.github.neuronembed.backend.neuron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.graph.TinyGraphs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  @NeedsNativeCore
  void poolsAsTheModelDoes(@TempDir Path folder) throws IOException {
    ModelFolder tiny = ModelFolder.complete(folder.resolve("tiny"));
    tiny.write(
        "onnx/model.onnx",
        new TinyGraphs(folder).of(List.of(TinyGraphs.Output.LAST_HIDDEN_STATE), true, true));
    ModelDirectory mean =
        ModelDirectory.open(tiny.path(), ModelOverrides.NONE.withPooling(PoolingStrategy.MEAN));
    TextEmbedderBuilder builder = TextEmbedder.builder().model(mean).preparedGraph(false);
    float[] expected;
    try (TextEmbedder onnx = builder.backend(BackendChoice.ONNX).build()) {
      expected = onnx.embedPassage("the quick brown fox");
    }

    try (TextEmbedder emulated = builder.backend(BackendChoice.EMULATOR).build()) {
      assertThat(emulated.embedPassage("the quick brown fox"))
          .containsExactly(expected, within(1e-5f));
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
