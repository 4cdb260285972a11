package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import io.github.neuronembed.nrt.NrtEmulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What model and backend have to agree on, and what is freed when something fails. */
class TextEmbedderBuildTest {

  @TempDir private Path folder;

  @Test
  void aFileOfAnotherModelIsRefused() throws Exception {
    TextEmbedderBuilder builder = tiny(16);

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(builder::build)
        .withMessageContainingAll("8 numbers", "gives 16");
  }

  @Test
  void aTextOfAStreamIsNamedByItsPlace() throws Exception {
    try (TextEmbedder embedder = tiny(8).truncation(TruncationPolicy.STRICT).build()) {
      List<String> texts = List.of("the fox", "the fox", "the fox ".repeat(20), "the fox");

      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> embedder.embedPassages(texts.iterator(), vector -> {}))
          .satisfies(e -> assertThat(e.index()).isEqualTo(2));
    }
  }

  private TextEmbedderBuilder emulatedOfSixteenTokens() throws IOException {
    ModelDirectory model =
        EmulatedModels.HASHED.linked(
            ModelDirectory.open(BgeSmall.directory()), List.of(new Shape(1, 16)), folder);
    return TextEmbedder.builder().model(model).backend(BackendChoice.EMULATOR);
  }

  @Test
  @NeedsNativeCore
  void textsAreCutAtTheLongestShapeCompiled() throws Exception {
    TextEmbedderBuilder builder = emulatedOfSixteenTokens();

    try (TextEmbedder embedder = builder.build()) {
      assertThat(embedder.maxTokens()).isEqualTo(16);
      assertThat(embedder.embedPassage("word ".repeat(600)))
          .isEqualTo(embedder.embedPassage("word ".repeat(14)));
    }
    try (TextEmbedder strict = builder.truncation(TruncationPolicy.STRICT).build()) {
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> strict.embedPassage("word ".repeat(15)))
          .satisfies(e -> assertThat(e.limit()).isEqualTo(16));
    }
  }

  @Test
  @NeedsNativeCore
  void theTokenizerIsFreedThoughTheBackendFails() throws Exception {
    TextEmbedder embedder = emulatedOfSixteenTokens().build();
    NrtEmulator.open().setFaults("[{\"call\": \"unload\", \"status\": 1}]");

    assertThatExceptionOfType(InferenceException.class).isThrownBy(embedder::close);

    assertThatIllegalStateException()
        .isThrownBy(() -> embedder.countTokens("word", InputType.PASSAGE))
        .withMessageContaining("closed");
  }

  /** A tiny model whose settings say that its vectors have 8 numbers. */
  private TextEmbedderBuilder tiny(int hiddenSize) throws IOException {
    ModelFolder model = ModelFolder.complete(folder.resolve("model"));
    Path onnx = model.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, new BertShape(1, hiddenSize, 2, 16, ModelFolder.VOCABULARY, 64), 1);
    return TextEmbedder.builder()
        .model(model.open())
        .backend(BackendChoice.ONNX)
        .preparedGraph(false);
  }

  @Test
  void anExecutionHasAThread() {
    assertThatThrownBy(() -> TextEmbedder.builder().threadsPerExecution(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("An execution takes 1 to 256 threads, not 0.");
  }
}
