package io.github.neuronembed.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file for readers that take one, in a folder of its own; deleted when the process ends. */
public final class TemporaryFile {

  private final Path file;

  private TemporaryFile(Path file) {
    this.file = file;
  }

  /** Makes the folder. */
  public static TemporaryFile named(String name) {
    try {
      Path folder = Files.createTempDirectory("neuron-embed-fuzz");
      folder.toFile().deleteOnExit();
      Path file = folder.resolve(name);
      file.toFile().deleteOnExit();
      return new TemporaryFile(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Replaces its content. */
  public Path with(byte[] data) throws IOException {
    return Files.write(file, data);
  }
}
