package io.github.neuronembed.nrt;

import io.github.neuronembed.nrt.bindings.NeuronCapi;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * Finds, unpacks and loads the native core, once per class loader, at first use. A library of
 * another build than this class is refused: one whose version or C headers differ.
 *
 * <ol>
 *   <li>If {@value #PATH_PROPERTY} is set, that file is loaded and nothing is unpacked.
 *   <li>Else the library in the platform's jar is unpacked into the folder that {@value
 *       #DIRECTORY_PROPERTY} names, by default one below {@code java.io.tmpdir} that only this user
 *       can access. The file's name contains the hash of its content; an existing file is verified
 *       and used again; a new one gets its final name only when it is complete. The folder must
 *       allow execution: it must not be on a file system mounted {@code noexec}.
 * </ol>
 *
 * <p>A JVM allows a file in one class loader only: another class loader of the same JVM loads a
 * copy.
 *
 * <p>Thread-safe.
 */
public final class NativeLibrary {

  /** System property: path of the library file to load, in place of the one in the jar. */
  public static final String PATH_PROPERTY = "neuronembed.native.path";

  /** System property: folder to unpack the library into. */
  public static final String DIRECTORY_PROPERTY = "neuronembed.native.directory";

  /** The name under which the generated bindings look for their library. */
  private static final String LIBRARY = "jnineuron_embed";

  private static final String RESOURCE_FOLDER = "neuron-embed/";

  /** The build of this class, in the form of {@code neuron_build} of the C interface. */
  private static final String BUILD = "build.txt";

  /** The platforms that a native core is built for; its build has a classifier for each. */
  private static final Set<String> PLATFORMS = Set.of("linux-x86_64", "linux-aarch64");

  /** The JVM's message for a file that belongs to another class loader (JDK 17 to 25). */
  private static final String TAKEN = "already loaded in another classloader";

  /** The result of loading, once. */
  private record Attempt(@Nullable UnavailableException cause) {
    static final Attempt ONLY = new Attempt(load());
  }

  private NativeLibrary() {}

  /** Whether the native core is loaded. The first call tries to load it. */
  public static boolean isAvailable() {
    return Attempt.ONLY.cause() == null;
  }

  /**
   * The reason why the native core is not available.
   *
   * @return null if it is available; its message is one sentence with what was tried and what to do
   */
  public static @Nullable Throwable unavailabilityCause() {
    return Attempt.ONLY.cause();
  }

  /**
   * Loads the native core, or throws the reason why it cannot be loaded.
   *
   * @throws NrtException of kind {@link NrtException.Kind#UNAVAILABLE}
   */
  public static void ensureAvailable() {
    UnavailableException cause = Attempt.ONLY.cause();
    if (cause != null) {
      throw new NrtException(
          NrtException.Kind.UNAVAILABLE, Objects.requireNonNull(cause.getMessage()), cause);
    }
  }

  /**
   * The platform of this JVM as a classifier, for example {@code linux-x86_64}.
   *
   * @return operating system and architecture
   */
  public static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return os.replace(' ', '_') + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }

  /** Whether there is a native core for a platform, such as this JVM's {@link #platform()}. */
  public static boolean isBuiltFor(String platform) {
    return PLATFORMS.contains(platform);
  }

  /** The unpacked libnrt emulator of the platform's jar. */
  static Path unpackEmulator() throws UnavailableException {
    return unpack("emulator/libnrt.so.1", "libnrt-emulator", ".so.1");
  }

  private static @Nullable UnavailableException load() {
    try {
      if (Loader.class.getClassLoader() != NativeLibrary.class.getClassLoader()) {
        throw new UnavailableException(
            "JavaCPP and neuron-embed-native must be loaded by the same class loader:"
                + " JavaCPP loads native code for its own class loader only. Put both jars in"
                + " one place.");
      }
      String path = System.getProperty(PATH_PROPERTY, "");
      Path file =
          path.isEmpty()
              ? unpack("libjnineuron_embed.so", "libjnineuron_embed", ".so")
              : given(path);
      try {
        load(file);
      } catch (UnsatisfiedLinkError e) {
        loadCopy(file, e);
      }
      checkBuild(file, path.isEmpty());
      return null;
    } catch (UnavailableException e) {
      return e;
    } catch (NoClassDefFoundError e) {
      return new UnavailableException(
          "The native library needs a class that is not there (%s): native code names its classes, so"
                  .formatted(e.getMessage())
              + " exclude io.github.neuronembed and org.bytedeco from what a shaded jar relocates.",
          e);
    }
  }

  private static Path given(String path) throws UnavailableException {
    Path file = Path.of(path).toAbsolutePath();
    if (!Files.isRegularFile(file)) {
      throw new UnavailableException(
          "%s names %s, which is not a file.".formatted(PATH_PROPERTY, file));
    }
    return file;
  }

  private static void load(Path file) throws UnavailableException {
    try {
      URL url = file.toUri().toURL();
      // JavaCPP would hide why a file cannot be loaded, so it is loaded here first. The second load
      // only registers it under the bindings' name, so that they do not search.
      System.load(file.toString());
      Loader.loadLibrary(NativeLibrary.class, new URL[] {url}, LIBRARY);
    } catch (IOException e) {
      throw new UnavailableException(
          "The native library %s cannot be loaded: %s.".formatted(file, e), e);
    }
  }

  /**
   * Loads a copy if another class loader of this JVM has the file, because only one may have it.
   */
  private static void loadCopy(Path file, UnsatisfiedLinkError failure)
      throws UnavailableException {
    if (!String.valueOf(failure.getMessage()).endsWith(TAKEN)) {
      throw cannotBeLoaded(file, failure);
    }
    Path folder = folder();
    try {
      Path copy = Files.createTempFile(folder, "copy-", ".so");
      try {
        Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        load(copy);
      } catch (UnsatisfiedLinkError e) {
        throw cannotBeLoaded(copy, e);
      } finally {
        // A loaded library no longer needs its file.
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UnavailableException(
          ("The native library %s belongs to another class loader of this JVM, and"
                  + " cannot be copied to %s (%s): put neuron-embed's jars into one class"
                  + " loader that all applications share, or set %s to a writable folder.")
              .formatted(file, folder, e, DIRECTORY_PROPERTY),
          e);
    }
  }

  private static UnavailableException cannotBeLoaded(Path file, UnsatisfiedLinkError failure) {
    String reason = String.valueOf(failure.getMessage());
    String remedy =
        reason.contains("failed to map segment") || reason.contains("Operation not permitted")
            ? " The folder seems to be mounted noexec: set %s to one that is not, or %s to a copy of"
                    .formatted(DIRECTORY_PROPERTY, PATH_PROPERTY)
                + " the file elsewhere."
            : "";
    return new UnavailableException(
        "The native library %s cannot be loaded: %s.%s".formatted(file, reason, remedy), failure);
  }

  private static void checkBuild(Path file, boolean fromJar) throws UnavailableException {
    String expected;
    try (InputStream in =
        Objects.requireNonNull(NativeLibrary.class.getResourceAsStream(BUILD), BUILD)) {
      expected = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UnavailableException("%s cannot be read from its jar.".formatted(BUILD), e);
    }
    String found;
    try {
      found = Native.text(NeuronCapi.neuron_build());
    } catch (UnsatisfiedLinkError e) {
      found = "one that does not say which";
    }
    if (!found.equals(expected)) {
      throw new UnavailableException(
          "The native library %s is of another build (%s) than neuron-embed-native (%s): %s."
              .formatted(
                  file,
                  found,
                  expected,
                  fromJar
                      ? "take the jar with the classifier %s in the same version"
                          .formatted(platform())
                      : "set %s to the library of this build, or remove the property"
                          .formatted(PATH_PROPERTY)));
    }
  }

  /** Unpacks a file of the platform's jar; returns its path. */
  private static Path unpack(String name, String prefix, String suffix)
      throws UnavailableException {
    String resource = RESOURCE_FOLDER + platform() + "/" + name;
    byte[] content;
    try (InputStream in = NativeLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new UnavailableException(
            isBuiltFor(platform())
                ? "There is no native library for %s on the class path: add neuron-embed-native with the classifier %s, or set %s."
                    .formatted(platform(), platform(), PATH_PROPERTY)
                : "There is no native library for %s: it is built for %s alone; elsewhere ONNX Runtime computes."
                    .formatted(platform(), String.join(" and ", new TreeSet<>(PLATFORMS))));
      }
      content = in.readAllBytes();
    } catch (IOException e) {
      throw new UnavailableException("%s cannot be read from its jar.".formatted(resource), e);
    }
    Path folder = folder();
    Path file = folder.resolve(prefix + "-" + hash(content) + suffix);
    try {
      if (holds(file, content)) {
        return file;
      }
      Path incomplete = Files.createTempFile(folder, prefix, ".incomplete");
      try {
        Files.write(incomplete, content);
        try {
          Files.move(incomplete, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
          Files.move(incomplete, file, StandardCopyOption.REPLACE_EXISTING);
        }
      } finally {
        Files.deleteIfExists(incomplete);
      }
      return file;
    } catch (IOException e) {
      throw new UnavailableException(
          "The native library cannot be unpacked to %s (%s): set %s to a writable folder."
              .formatted(file, e, DIRECTORY_PROPERTY),
          e);
    }
  }

  private static boolean holds(Path file, byte[] content) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.size(file) == content.length
        && MessageDigest.isEqual(Files.readAllBytes(file), content);
  }

  private static Path folder() throws UnavailableException {
    String given = System.getProperty(DIRECTORY_PROPERTY, "");
    Path folder =
        given.isEmpty()
            ? Path.of(
                System.getProperty("java.io.tmpdir", "/tmp"),
                "neuron-embed-" + System.getProperty("user.name", "unknown"))
            : Path.of(given);
    folder = folder.toAbsolutePath();
    try {
      if (!given.isEmpty()) {
        return Files.createDirectories(folder);
      }
      // All users can write to the temporary folder: the files that are loaded from it must belong
      // to this user.
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        Path probe = Files.createTempFile("neuron-embed", ".owner");
        boolean ours;
        try {
          ours =
              Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
                  && Files.getOwner(folder).equals(Files.getOwner(probe))
                  && PosixFilePermissions.toString(Files.getPosixFilePermissions(folder))
                      .equals("rwx------");
        } finally {
          Files.delete(probe);
        }
        if (!ours) {
          throw new UnavailableException(
              "%s is not a folder that only this user can access: remove it, or set %s to another."
                  .formatted(folder, DIRECTORY_PROPERTY));
        }
      }
      return folder;
    } catch (IOException | UnsupportedOperationException e) {
      throw new UnavailableException(
          "The folder %s for the native library cannot be made (%s): set %s to another."
              .formatted(folder, e, DIRECTORY_PROPERTY),
          e);
    }
  }

  private static String hash(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  /** Why the library could not be loaded. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }

    UnavailableException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
