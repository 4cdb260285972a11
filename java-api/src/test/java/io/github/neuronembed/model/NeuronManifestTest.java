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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
            new CompiledModel(small, 1, 8, 1, "input0", "input1", "", "", "output0", true, 16),
            new CompiledModel(large, 4, 16, 1, "input0", "input1", "", "", "output0", true, 16));
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
        .withMessageContainingAll(file.toString(), "1x8");
  }

  private NeuronManifest packed(String format, String packing, String role, String kind)
      throws IOException {
    Path neff = folder.resolve("packed.neff");
    if (!Files.exists(neff)) {
      Files.createFile(neff);
    }
    Files.writeString(
        file,
        """
        {"format": %s, "models": [{"file": "packed.neff", "batch": 1, "sequenceLength": 64, %s
         "inputs": [{"name": "input0", "role": "input_ids"}, {"name": "input1", "role": "%s"}],
         "output": {"name": "output0", "kind": "%s", "hiddenSize": 16}}]}
        """
            .formatted(format, packing, role, kind));
    return NeuronManifest.read(file);
  }

  @Test
  void readsPackedModels() throws IOException {
    CompiledModel model =
        packed("2", "\"packing\": {\"texts\": 8},", "starts", "pooled").models().get(0);

    assertThat(model)
        .isEqualTo(
            new CompiledModel(
                folder.resolve("packed.neff"),
                1,
                64,
                8,
                "input0",
                "",
                "",
                "input1",
                "output0",
                true,
                16));
    assertThat(model.isPacked()).isTrue();
    assertThat(model.shape()).isEqualTo("1x64p8");
    assertThat(packed("2", "", "attention_mask", "raw").models().get(0).shape()).isEqualTo("1x64");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | \"packing\": {\"texts\": 8}, | starts | pooled | format",
        "3 | \"packing\": {\"texts\": 8}, | starts | pooled | format",
        "2 | \"packing\": {\"texts\": 1}, | starts | pooled | texts",
        "2 | \"packing\": {\"texts\": 65}, | starts | pooled | 64 tokens",
        "2 | \"packing\": {}, | starts | pooled | texts",
        "2 | \"packing\": {\"texts\": 8}, | starts | raw | pooled",
        "2 | \"packing\": {\"texts\": 8}, | attention_mask | pooled | starts",
        "2 | '' | starts | pooled | packing",
        "2 | '' | ends | pooled | role",
      })
  void refusesAPackedModelThatContradictsItself(
      String format, String packing, String role, String kind, String named) {
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> packed(format, packing, role, kind))
        .withMessageContainingAll(file.toString(), named);
  }

  @Test
  void namesTheNeffThatIsMissing() throws IOException {
    Files.createFile(folder.resolve("tiny-bert-1x8.neff"));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> NeuronManifest.read(file))
        .withMessageContaining("tiny-bert-4x16.neff");
  }

  /** The compiled models pool by cls and give vectors of length 1, and so does the directory. */
  @Test
  void modelsThatPoolOtherwiseThanTheirDirectoryAreRefused() throws IOException {
    ModelFolder model = ModelFolder.complete(folder.resolve("model"));
    model.write("neuron/manifest.json", Files.readString(file));
    model.write("neuron/tiny-bert-1x8.neff", "");
    model.write("neuron/tiny-bert-4x16.neff", "");
    assertThat(NeuronManifest.of(model.open()).models()).hasSize(2);

    model.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> NeuronManifest.of(model.open()))
        .withMessageContainingAll(
            "manifest.json pool by cls (\"source\")", "by mean", "neuron-embed.json");
    assertThat(
            NeuronManifest.of(
                    ModelDirectory.open(
                        model.path(), ModelOverrides.NONE.withPooling(PoolingStrategy.CLS)))
                .models())
        .hasSize(2);

    model.write("1_Pooling/config.json", "{\"pooling_mode\": \"cls\"}");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () ->
                NeuronManifest.of(
                    ModelDirectory.open(model.path(), ModelOverrides.NONE.withNormalize(false))))
        .withMessageContaining("scale vectors to length 1 (\"source\")");
  }

  /** Vectors of tokens are pooled on the host, as the directory states today. */
  @Test
  void rawModelsMayHaveBeenCompiledUnderAnotherPooling() throws IOException {
    ModelFolder model = ModelFolder.complete(folder.resolve("model"));
    model.write("neuron/manifest.json", Files.readString(file).replace("\"pooled\"", "\"raw\""));
    model.write("neuron/tiny-bert-1x8.neff", "");
    model.write("neuron/tiny-bert-4x16.neff", "");
    model.write("1_Pooling/config.json", "{\"pooling_mode\": \"mean\"}");

    assertThat(NeuronManifest.of(model.open()).models()).hasSize(2);
  }

  @Test
  void modelsWithoutAnAttentionMaskAreRefused() throws IOException {
    Files.createFile(folder.resolve("tiny-bert-1x8.neff"));
    Files.createFile(folder.resolve("tiny-bert-4x16.neff"));
    Files.writeString(
        file, Files.readString(file).replace("\"attention_mask\"", "\"token_type_ids\""));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> NeuronManifest.read(file))
        .withMessageContainingAll(file.toString(), "tiny-bert-1x8.neff", "attention_mask");
  }
}
