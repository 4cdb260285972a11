package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link BackendChoice#AUTO} makes of a directory with compiled models. */
@NeedsNativeCore
class BackendSelectionTest {

  private static final List<Shape> SHAPES = List.of(new Shape(1, 512));
  private static final CpuExecution ONNX = new CpuExecution(Precision.FP32, false, 1);

  @TempDir private Path folder;

  private ModelDirectory texts() throws IOException {
    ModelDirectory model = SmallModel.ROBERTA.open(folder.resolve("texts"));
    EmulatedModels.DEFAULT.pack(model, SHAPES, model.folder().resolve("neuron"));
    return model;
  }

  private CrossEncoderDirectory pairs() throws IOException {
    CrossEncoderDirectory model =
        CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder.resolve("pairs")));
    EmulatedModels.packScores(model, SHAPES, folder.resolve("pairs/neuron"));
    return model;
  }

  private static void replace(Path manifest, String old, String text) throws IOException {
    Files.writeString(manifest, Files.readString(manifest).replace(old, text));
  }

  private static String reason(ModelDirectory model) {
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      return reason(
          BackendSelection.open(model, tokenizer, BackendChoice.AUTO, ONNX, VisibleCores.ANY));
    }
  }

  private static String reason(CrossEncoderDirectory model) {
    return reason(BackendSelection.open(model, BackendChoice.AUTO, ONNX, VisibleCores.ANY));
  }

  private static String reason(BackendSelection selection) {
    selection.backend().close();
    return selection.reason();
  }

  @Test
  void modelsForTheEmulatorAreNotOffered() throws Exception {
    ModelDirectory texts = texts();
    CrossEncoderDirectory pairs = pairs();

    assertThat(reason(texts))
        .isEqualTo(
            "ONNX Runtime, as %s describes models for the emulator only."
                .formatted(texts.neuronManifestFile()));
    assertThat(reason(pairs))
        .isEqualTo(
            "ONNX Runtime, as %s describes models for the emulator only."
                .formatted(pairs.neuronManifestFile()));
  }

  /** Only a directory of texts can contradict what its models for the emulator pool. */
  @Test
  void modelsForTheEmulatorAreCheckedWhereTheyPool() throws Exception {
    CrossEncoderDirectory pairs = pairs();
    replace(pairs.neuronManifestFile(), "\"hiddenSize\": 1", "\"hiddenSize\": 16");
    assertThat(reason(pairs)).contains("the emulator only");

    ModelDirectory texts = texts();
    replace(
        texts.neuronManifestFile(),
        "\"emulated\": true",
        "\"emulated\": true, \"source\": {\"pooling\": \"mean\"}");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> reason(texts))
        .withMessageContaining("pool by mean");
  }

  /** An open emulator holds the process's runtime, so there is no device, wherever this runs. */
  @Test
  void withoutADeviceTheCpuServesWhatIsCompiledForOne() throws Exception {
    ModelDirectory texts = texts();
    CrossEncoderDirectory pairs = pairs();
    try (TextEmbedder held =
        TextEmbedder.builder().model(texts).backend(BackendChoice.EMULATOR).build()) {
      replace(texts.neuronManifestFile(), "\"emulated\": true,", "");
      replace(pairs.neuronManifestFile(), "\"emulated\": true,", "");

      assertThat(held.isEmulated()).isTrue();
      assertThat(reason(texts)).startsWith("ONNX Runtime, as ").doesNotContain("manifest.json");
      assertThat(reason(pairs)).startsWith("ONNX Runtime, as ").doesNotContain("manifest.json");
    }
  }

  @Test
  void aModelThatIsNotCompiledIsServedByTheCpu() {
    ModelDirectory texts = SmallModel.ROBERTA.open(folder.resolve("texts"));
    CrossEncoderDirectory pairs =
        CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder.resolve("pairs")));

    String expected =
        "ONNX Runtime, as the model is not compiled for NeuronCores (no neuron/manifest.json).";
    assertThat(reason(texts)).isEqualTo(expected);
    assertThat(reason(pairs)).isEqualTo(expected);
  }
}
