package io.github.neuronembed.backend.neuron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused when a backend is opened; the models are hashes. */
@NeedsNativeCore
class NeuronBackendTest {

  private static final ModelDirectory MODEL = ModelDirectory.open(BgeSmall.directory());

  @TempDir private Path folder;

  @BeforeEach
  void configure() {
    NrtEmulator.open().configure("{\"cores\": 1, \"lockDirectory\": \"\"}");
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  @Test
  void aProcessHasOneRuntime() throws Exception {
    NeuronManifest manifest = EmulatedModels.HASHED.pack(MODEL, List.of(new Shape(1, 16)), folder);

    try (InferenceBackend first = open(manifest)) {
      assertThatExceptionOfType(BackendUnavailableException.class)
          .isThrownBy(() -> open(manifest))
          .withMessageContaining("close it first");
      assertThat(first.replicas()).hasSize(1);
    }
    open(manifest).close();
  }

  @Test
  void inputsOfTwoTypesAreRefused() throws Exception {
    NeuronManifest manifest =
        new EmulatedModels(true, false, true, false).pack(MODEL, List.of(new Shape(1, 16)), folder);
    Path neff = manifest.models().get(0).neff();
    // Bytes in a tar of plain text: one type's name is as long as the other's.
    String content = Files.readString(neff, StandardCharsets.ISO_8859_1);
    int mask = content.lastIndexOf("int64");
    Files.writeString(
        neff,
        content.substring(0, mask) + "int32" + content.substring(mask + 5),
        StandardCharsets.ISO_8859_1);

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> open(manifest))
        .withMessageContainingAll(neff.toString(), "input0 is INT64", "input1 is INT32");
  }

  private static NeuronBackend open(NeuronManifest manifest) {
    return NeuronBackend.openEmulated(NrtEmulator.open(), manifest, MODEL.padTokenId());
  }
}
