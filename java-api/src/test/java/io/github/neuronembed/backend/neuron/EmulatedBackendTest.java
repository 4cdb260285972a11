package io.github.neuronembed.backend.neuron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(strings = {"{", "no such file", "\0"})
  void saysThatTheEnvironmentIsWrong(String given) {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> EmulatedBackend.configured(given))
        .withMessageContaining("NRT_EMULATOR_CONFIG");
  }
}
