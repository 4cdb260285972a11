package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtEnvironment;
import io.github.neuronembed.BackendUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/** ONNX Runtime's native library, for native code that computes with it as well. */
public final class OnnxLibrary {

  /** The folder of its jar that has this platform's libraries: linux-x64, linux-aarch64. */
  private static final String PLATFORM =
      "linux-" + System.getProperty("os.arch", "").replace("amd64", "x64");

  private static final String RESOURCE =
      "/ai/onnxruntime/native/" + PLATFORM + "/libonnxruntime.so";

  private static @Nullable Path unpacked;

  private OnnxLibrary() {}

  /**
   * The library, copied from ONNX Runtime's jar once per process, because it is never unloaded.
   *
   * @return a file in the temporary folder that exists as long as the process; do not delete it
   * @throws BackendUnavailableException if the jar has no library for this platform
   * @throws IOException if the file cannot be written
   */
  public static synchronized Path file() throws IOException {
    if (unpacked == null || !Files.isRegularFile(unpacked)) {
      unpacked = unpack();
    }
    return unpacked;
  }

  private static Path unpack() throws IOException {
    // By a class of that jar: on the module path, a class finds the resources of its own module.
    try (InputStream in = OrtEnvironment.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new BackendUnavailableException(
            "The ONNX Runtime jar on the class path has no library for " + PLATFORM + ".");
      }
      Path file = Files.createTempFile("libonnxruntime", ".so");
      file.toFile().deleteOnExit();
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      return file;
    }
  }
}
