package io.github.neuronembed.tokenizer;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Utils;
import io.github.neuronembed.ModelLoadException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Loads the tokenizer's native library, once, from its jar. DJL unpacks it below {@code
 * ENGINE_CACHE_DIR}, else {@code DJL_CACHE_DIR} (environment or system properties), else {@code
 * ~/.djl.ai}, else, where the home directory cannot be written, the temporary folder.
 *
 * <p>DJL reports usage when one of its tokenizer objects is made, and would download a library
 * built for the GPU that it finds. The first never happens here, since only the JNI functions are
 * called; the second is off while the library is loaded. DJL's own settings are restored
 * afterwards, because the application may use DJL for other purposes.
 */
final class TokenizerLibrary {

  /** The JVM's message for a file that belongs to another class loader (JDK 17 to 25). */
  private static final Pattern TAKEN =
      Pattern.compile("Native Library (.+) already loaded in another classloader");

  private static final TokenizerLibrary INSTANCE = new TokenizerLibrary();

  private final @Nullable Throwable failure;

  private TokenizerLibrary() {
    this.failure = load();
  }

  /**
   * Makes sure that the native library is loaded.
   *
   * @throws ModelLoadException if it cannot be unpacked or loaded
   */
  static void ensureLoaded() {
    Throwable failure = INSTANCE.failure;
    if (failure != null && TAKEN.matcher(rootCause(failure)).matches()) {
      throw new ModelLoadException(
          "The tokenizer's native library belongs to another class loader of this JVM (%s): put"
                  .formatted(rootCause(failure))
              + " neuron-embed and DJL's jars into one class loader that all applications"
              + " share, or set ENGINE_CACHE_DIR to a folder that only this application"
              + " uses.",
          failure);
    }
    if (failure != null) {
      throw new ModelLoadException(
          "The tokenizer's native library cannot be loaded from %s (%s). Set ENGINE_CACHE_DIR to a"
                  .formatted(unpackedBelow(), reason(failure))
              + " writable folder whose file system allows execution (not noexec); there is"
              + " a library for Linux (x86-64, aarch64), macOS (aarch64) and Windows"
              + " (x86-64).",
          failure);
    }
  }

  private static Path unpackedBelow() {
    return Utils.getEngineCacheDir("tokenizers").toAbsolutePath();
  }

  /**
   * The reason that DJL only logs, if it could not write; else the reason why it could not load.
   */
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
      return loadCopy(e);
    } finally {
      restore("RUST_FLAVOR", flavor);
      restore("ai.djl.offline", offline);
      thread.setContextClassLoader(context);
    }
  }

  /**
   * Loads a copy of the library if another class loader of this JVM has the file; DJL loads one
   * fixed path (findings/djl-two-class-loaders.sh). It must be loaded for the class loader of DJL's
   * JNI functions, so this class must have the same class loader.
   *
   * @return null on success, else why there is no library
   */
  private static @Nullable Throwable loadCopy(Throwable failure) {
    Matcher taken = TAKEN.matcher(rootCause(failure));
    if (!taken.matches() || LibUtils.class.getClassLoader() != ownLoader()) {
      return failure;
    }
    Path library = Path.of(taken.group(1));
    try {
      Path copy =
          Files.createTempFile(
              Objects.requireNonNull(library.getParent()), "copy-", "-" + library.getFileName());
      try {
        Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
        System.load(copy.toString());
      } finally {
        delete(copy);
      }
      return null;
    } catch (IOException | LinkageError e) {
      failure.addSuppressed(e);
      return failure;
    }
  }

  private static @Nullable ClassLoader ownLoader() {
    return TokenizerLibrary.class.getClassLoader();
  }

  /** A library that is loaded needs its file no more, except on Windows. */
  private static void delete(Path copy) throws IOException {
    try {
      Files.deleteIfExists(copy);
    } catch (AccessDeniedException e) {
      copy.toFile().deleteOnExit();
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
