package io.github.neuronembed.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.BertShape;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomModelTest {

  /** As small as the real vocabulary lets it be: 2 MB. */
  private static final BertShape TINY = new BertShape(2, 16, 2, 32, 30522, 512);

  @TempDir private Path folder;

  private Path write(String name, long seed) throws IOException {
    Path model = folder.resolve(name);
    RandomModel.write(model, TINY, seed, ModelAtHand.directory());
    return model;
  }

  @Test
  void theDirectorySaysWhatTheModelIs() throws Exception {
    ModelDirectory model = ModelDirectory.open(write("random-tiny", 1));

    assertThat(model.name()).isEqualTo("random-tiny");
    assertThat(model.hiddenSize()).isEqualTo(16);
    assertThat(model.hiddenLayers()).isEqualTo(2);
    assertThat(model.maxTokens()).isEqualTo(512);
    assertThat(model.pooling()).isEqualTo(Pooling.of(PoolingStrategy.CLS));
    assertThat(model.normalize()).isTrue();
    assertThat(model.prefix(InputType.QUERY)).endsWith("passages: ");
    assertThat(Files.readString(model.folder().resolve("config.json")))
        .contains("\"weights\": \"random weights: for timing only\"");
  }

  @Test
  void itIsServedLikeAnyOther() throws Exception {
    embeds(BackendChoice.ONNX);
  }

  @Test
  @NeedsNativeCore
  void itIsServedOnTheEmulatorLikeAnyOther() throws Exception {
    embeds(BackendChoice.EMULATOR);
  }

  private void embeds(BackendChoice backend) throws Exception {
    ModelDirectory model = ModelDirectory.open(write("random-tiny", 1));

    try (TextEmbedder embedder = TextEmbedder.builder().model(model).backend(backend).build()) {
      List<float[]> vectors = embedder.embedPassages(List.of("how tides work", "a harbour"));

      assertThat(vectors).hasSize(2).allSatisfy(vector -> assertThat(vector).hasSize(16));
      assertThat(vectors.get(0)).isNotEqualTo(vectors.get(1));
    }
  }

  @Test
  void aSeedMakesTheModel() throws Exception {
    byte[] one = onnx(write("one", 1));

    assertThat(onnx(write("same", 1))).isEqualTo(one);
    assertThat(onnx(write("other", 2))).isNotEqualTo(one);
  }

  private static byte[] onnx(Path model) throws IOException {
    return Files.readAllBytes(ModelDirectory.open(model).onnxFile(Precision.FP32));
  }

  @Test
  void whatIsThereIsNotWrittenOverAndNothingIsLeftBehind() throws Exception {
    Path there = Files.createDirectory(folder.resolve("there"));

    assertThatExceptionOfType(FileAlreadyExistsException.class)
        .isThrownBy(() -> write("there", 1))
        .withMessageContaining(there.toString());
    assertThat(there).isEmptyDirectory();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(there);
    }
  }
}
