package io.github.neuronembed.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Utils;
import io.github.neuronembed.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Loads the tokenizer's native library, once, out of the jar that carries it. DJL unpacks it below
 * {@code ENGINE_CACHE_DIR}, else {@code DJL_CACHE_DIR} (environment or system properties), else
 * {@code ~/.djl.ai}, else, where the home directory cannot be written, the temporary folder.
 *
 * <p>DJL reports usage when one of its tokenizer objects is made, and would download a library
 * built for the GPU that it finds. The first never happens here, since only the JNI functions are
 * called; the second is off while the library is loaded. DJL's own switches are put back
 * afterwards, as the application may use DJL for other things.
 */
final class TokenizerLibrary {

  private static final TokenizerLibrary INSTANCE = new TokenizerLibrary();

  private final @Nullable Throwable failure;

  private TokenizerLibrary() {
    this.failure = load();
  }

  /**
   * Makes sure that the native library is there.
   *
   * @throws ModelLoadException if it cannot be unpacked or loaded
   */
  static void ensureLoaded() {
    Throwable failure = INSTANCE.failure;
    if (failure != null) {
      throw new ModelLoadException(
          "The tokenizer's native library cannot be loaded from %s (%s). Set ENGINE_CACHE_DIR to a"
                  .formatted(unpackedBelow(), reason(failure))
              + " folder that can be written and whose file system allows execution (not noexec);"
              + " there is a library for Linux (x86-64, aarch64), macOS (aarch64) and Windows"
              + " (x86-64).",
          failure);
    }
  }

  private static Path unpackedBelow() {
    return Utils.getEngineCacheDir("tokenizers").toAbsolutePath();
  }

  /** What DJL only logs: that it could not write. Else why it could not load. */
  private static String reason(Throwable failure) {
    try {
      Path folder = Files.createDirectories(unpackedBelow());
      Files.delete(Files.createTempFile(folder, "writable", null));
      return rootCause(failure);
    } catch (IOException e) {
      return "it cannot be written: " + e;
    }
  }

  private static String rootCause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  // The loader fails with RuntimeException, AssertionError or UnsatisfiedLinkError.
  private static @Nullable Throwable load() {
    Thread thread = Thread.currentThread();
    ClassLoader context = thread.getContextClassLoader();
    String offline = System.getProperty("ai.djl.offline");
    String flavor = System.getProperty("RUST_FLAVOR");
    try {
      // DJL looks for the library with the thread's class loader, which may not see the jar.
      thread.setContextClassLoader(LibUtils.class.getClassLoader());
      System.setProperty("ai.djl.offline", "true");
      System.setProperty("RUST_FLAVOR", "cpu");
      LibUtils.checkStatus();
      return null;
    } catch (RuntimeException | LinkageError | AssertionError e) {
      return e;
    } finally {
      restore("RUST_FLAVOR", flavor);
      restore("ai.djl.offline", offline);
      thread.setContextClassLoader(context);
    }
  }

  private static void restore(String property, @Nullable String value) {
    if (value == null) {
      System.clearProperty(property);
    } else {
      System.setProperty(property, value);
    }
  }
}
