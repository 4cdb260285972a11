package io.github.neuronembed.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.NeuronManifest.CompiledModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads what {@code native/neff/compile_neff.py} writes; its own tests hold the resource to that.
 */
class NeuronManifestTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void copyManifest() throws IOException {
    file = folder.resolve("manifest.json");
    try (InputStream in =
        Objects.requireNonNull(getClass().getResourceAsStream("compiled-manifest.json"))) {
      Files.copy(in, file);
    }
  }

  @Test
  void readsWhatTheCompilerProgramWrites() throws IOException {
    Path small = Files.createFile(folder.resolve("tiny-bert-1x8.neff"));
    Path large = Files.createFile(folder.resolve("tiny-bert-4x16.neff"));

    NeuronManifest manifest = NeuronManifest.read(file);

    assertThat(manifest.emulated()).isFalse();
    assertThat(manifest.models())
        .containsExactly(
            new CompiledModel(small, 1, 8, "input0", "input1", "", "output0", true, 16),
            new CompiledModel(large, 4, 16, "input0", "input1", "", "output0", true, 16));
  }

  @Test
  void refusesTwoModelsOfOneShape() throws IOException {
    Files.createFile(folder.resolve("tiny-bert-1x8.neff"));
    Files.createFile(folder.resolve("tiny-bert-4x16.neff"));
    Files.writeString(
        file,
        Files.readString(file)
            .replace("\"batch\": 4", "\"batch\": 1")
            .replace("\"sequenceLength\": 16", "\"sequenceLength\": 8"));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> NeuronManifest.read(file))
        .withMessageContainingAll(file.toString(), "1×8");
  }

  @Test
  void namesTheNeffThatIsMissing() throws IOException {
    Files.createFile(folder.resolve("tiny-bert-1x8.neff"));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> NeuronManifest.read(file))
        .withMessageContaining("tiny-bert-4x16.neff");
  }
}
