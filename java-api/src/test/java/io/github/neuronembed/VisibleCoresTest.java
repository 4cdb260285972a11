package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.TinyGraphs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VisibleCoresTest {

  private static @TempDir Path folder;
  private static ModelDirectory model;

  @BeforeAll
  static void writeModel() throws IOException {
    ModelFolder tiny = ModelFolder.complete(folder.resolve("tiny"));
    tiny.write(
        "onnx/model.onnx",
        new TinyGraphs(folder).of(List.of(TinyGraphs.Output.LAST_HIDDEN_STATE), true, true));
    model = tiny.open();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | 3 | 4",
        "0-1 | 0-1 | 2",
        "4,5,6 | 4-6 | 7",
        "0-1,2,3-5 | 0-5 | 6",
        "' 08, 09, 10 ' | 8-10 | 11",
        "7-7 | 7 | 8",
        "'' | '' | 0",
      })
  void readsWhatLibnrtTakes(String cores, String text, int end) {
    assertThat(VisibleCores.parse(cores)).isEqualTo(new VisibleCores(text, end));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1,3", "2,1", "1,1", "3-1", "0-2,2", "-1", "0-", "a", ",", "0,", "0..1", "999999"})
  void refusesEverythingElse(String cores) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextEmbedder.builder().visibleCores(cores))
        .withMessageContaining("\"" + cores + "\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"3 | 1 NeuronCore", "2-4 | 3 NeuronCores", "'' | 2 NeuronCores"})
  @NeedsNativeCore
  void ownsTheseCoresOnly(String cores, String expected) {
    try (TextEmbedder embedder = onEmulator(cores)) {
      assertThat(embedder.backend()).endsWith(", " + expected);
      assertThat(embedder.embedPassage("a")).hasSize(8);
    }
  }

  @Test
  void saysWhatLibnrtRefuses() {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> onEmulator("0-9999").close());
  }

  @Test
  void doesNotConcernOnnxRuntime() {
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(model).backend(BackendChoice.ONNX).visibleCores("5").build()) {
      assertThat(embedder.embedPassage("a")).hasSize(8);
    }
  }

  private static TextEmbedder onEmulator(String cores) {
    return TextEmbedder.builder()
        .model(model)
        .backend(BackendChoice.EMULATOR)
        .visibleCores(cores)
        .build();
  }
}
