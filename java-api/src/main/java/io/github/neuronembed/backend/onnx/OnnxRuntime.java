package io.github.neuronembed.backend.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import io.github.neuronembed.BackendUnavailableException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime in this process: its environment, and the gate that every execution passes.
 *
 * <p>ONNX Runtime frees its environment in a JVM exit hook, and again in its static destructors;
 * under a running execution either crashes the process (seen with SIGTERM, releases 1.20.0 and
 * 1.29.0). Therefore one reference to the environment is never released, and the end of the process
 * waits for running executions, see {@link ExitGate}.
 */
final class OnnxRuntime {

  private static final Logger LOG = LoggerFactory.getLogger(OnnxRuntime.class);

  private static final ExitGate GATE = new ExitGate(OnnxRuntime::removeUnpacked);

  private OnnxRuntime() {}

  /**
   * @throws BackendUnavailableException if the native library cannot be loaded
   */
  static OrtEnvironment environment() {
    try {
      return Holder.ENVIRONMENT;
    } catch (LinkageError | IllegalStateException e) {
      throw new BackendUnavailableException(
          "ONNX Runtime's native library cannot be loaded on %s/%s (%s). %s"
              .formatted(
                  System.getProperty("os.name"),
                  System.getProperty("os.arch"),
                  rootCause(e),
                  advice(System.getProperty("onnxruntime.native.path"))),
          e);
    }
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static String advice(@Nullable String folder) {
    return folder == null
        ? ("The temporary folder, %s, must be writable and allow execution; if this is"
                + " not possible, unpack the library and set -Donnxruntime.native.path to its"
                + " folder.")
            .formatted(System.getProperty("java.io.tmpdir"))
        : ("-Donnxruntime.native.path names the folder %s, which must have both files"
                + " of the library; the temporary folder, %s, must be writable too.")
            .formatted(folder, System.getProperty("java.io.tmpdir"));
  }

  /** See {@link ExitGate#call}. */
  static void call(ExitGate.Call call) throws OrtException {
    GATE.call(call);
  }

  /** ONNX Runtime removes its folder before the files in it, so an empty folder remains. */
  private static void removeUnpacked() {
    try {
      Field temporary =
          Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("tempDirectory");
      temporary.setAccessible(true);
      if (temporary.get(null) instanceof Path folder && Files.isDirectory(folder)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
          for (Path file : files) {
            Files.deleteIfExists(file);
          }
        }
        Files.deleteIfExists(folder);
      }
    } catch (ReflectiveOperationException | IOException | RuntimeException e) {
      // If files in use cannot be deleted, it remains.
    }
  }

  private static final class Holder {
    static final OrtEnvironment ENVIRONMENT = open();

    private static OrtEnvironment open() {
      OrtEnvironment environment =
          OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "neuron-embed");
      holdForGood();
      GATE.install();
      return environment;
    }

    /**
     * The native environment counts its references: with one additional reference, the exit hook
     * frees nothing.
     */
    private static void holdForGood() {
      try {
        Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
        api.setAccessible(true);
        Method create =
            OrtEnvironment.class.getDeclaredMethod(
                "createHandle", long.class, int.class, String.class);
        create.setAccessible(true);
        create.invoke(
            null,
            api.getLong(null),
            OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR.getValue(),
            "neuron-embed");
      } catch (ReflectiveOperationException | RuntimeException e) {
        LOG.warn(
            "Cannot hold ONNX Runtime's environment: close every embedder before the process ends",
            e);
      }
    }
  }
}
