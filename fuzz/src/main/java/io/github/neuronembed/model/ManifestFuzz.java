package io.github.neuronembed.model;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.fuzz.TemporaryFile;
import java.io.IOException;
import java.nio.file.Path;

/** Bytes as {@code neuron/manifest.json}: a manifest, or one exception that says what is wrong. */
public final class ManifestFuzz {

  private static final TemporaryFile FILE = TemporaryFile.named("manifest.json");

  private ManifestFuzz() {}

  /** Reads the bytes. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = FILE.with(data);
    try {
      NeuronManifest manifest = NeuronManifest.read(file);
      for (NeuronManifest.CompiledModel model : manifest.models()) {
        if (!model.neff().toAbsolutePath().normalize().startsWith(file.getParent())) {
          throw new AssertionError("It leads out of its folder: " + model.neff());
        }
      }
    } catch (ModelLoadException e) {
      if (e.getMessage() == null || e.getMessage().isBlank()) {
        throw new AssertionError("It does not say what is wrong.", e);
      }
    }
  }
}
