package io.github.neuronembed.backend.onnx;

import io.github.neuronembed.BackendUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** ONNX Runtime's native library, for native code that computes with it as well. */
public final class OnnxLibrary {

  private static final String RESOURCE = "/ai/onnxruntime/native/linux-x64/libonnxruntime.so";

  private OnnxLibrary() {}

  /**
   * Copies the library out of ONNX Runtime's jar.
   *
   * @param folder an existing folder; the file is the caller's
   * @return the file
   * @throws BackendUnavailableException if the jar has no library for this platform
   * @throws IOException if the file cannot be written
   */
  public static Path unpack(Path folder) throws IOException {
    try (InputStream in = OnnxLibrary.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new BackendUnavailableException(
            "The ONNX Runtime jar on the class path has no library for linux-x64.");
      }
      Path file = folder.resolve("libonnxruntime.so");
      Files.copy(in, file);
      return file;
    }
  }
}
