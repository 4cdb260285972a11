package io.github.neuronembed.nrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the native library is found. A library is loaded once per JVM, so each case has its own. */
class NativeLibraryTest {

  @TempDir Path folder;

  /** Prints whether the library is available, and why not. */
  static final class Asks {
    public static void main(String[] args) {
      Throwable cause = NativeLibrary.unavailabilityCause();
      System.out.println(cause == null ? "available" : "unavailable: " + cause.getMessage());
    }
  }

  private String ask(String... options) throws Exception {
    return askOn(classPath(), options);
  }

  private String askOn(String classPath, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Djava.io.tmpdir=" + folder);
    command.addAll(Arrays.asList(options));
    command.addAll(List.of("-cp", classPath, Asks.class.getName()));
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    return Files.readString(output, StandardCharsets.UTF_8).strip();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private static List<Path> filesBelow(Path directory) throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(f -> f.getFileName().toString().contains("jnineuron_embed")).toList();
    }
  }

  @Test
  void itIsUnpackedOnceIntoAFolderOfThisUser() throws Exception {
    assertThat(ask()).isEqualTo("available");
    List<Path> first = filesBelow(folder);
    assertThat(first).hasSize(1);
    assertThat(first.get(0).getFileName().toString())
        .matches("libjnineuron_embed-[0-9a-f]{32}\\.so");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(first.get(0).getParent())))
        .isEqualTo("rwx------");
    Object written = Files.getLastModifiedTime(first.get(0));

    assertThat(ask()).isEqualTo("available");
    assertThat(filesBelow(folder)).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(first.get(0))).isEqualTo(written);
  }

  @Test
  void aFileThatWasTamperedWithIsReplaced() throws Exception {
    Path own = Files.createDirectory(folder.resolve("own"));
    String property = "-D" + NativeLibrary.DIRECTORY_PROPERTY + "=" + own;
    assertThat(ask(property)).isEqualTo("available");
    Path file = filesBelow(own).get(0);
    byte[] right = Files.readAllBytes(file);
    Files.write(file, new byte[right.length]);

    assertThat(ask(property)).isEqualTo("available");
    assertThat(Files.readAllBytes(file)).isEqualTo(right);
  }

  @Test
  void aFolderThatOthersMayEnterIsRefused() throws Exception {
    Path shared = folder.resolve("neuron-embed-" + System.getProperty("user.name"));
    Files.createDirectory(shared);
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThat(ask())
        .startsWith("unavailable: ")
        .contains(shared.toString(), NativeLibrary.DIRECTORY_PROPERTY);
    assertThat(filesBelow(folder)).isEmpty();
  }

  @Test
  void anExplicitFileIsTakenAndNothingUnpacked() throws Exception {
    assertThat(ask()).isEqualTo("available");
    Path unpacked = filesBelow(folder).get(0);
    Path copy = Files.move(unpacked, folder.resolve("explicit.so"));

    assertThat(ask("-D" + NativeLibrary.PATH_PROPERTY + "=" + copy)).isEqualTo("available");
    assertThat(filesBelow(folder)).isEmpty();
  }

  @Test
  void aLibraryOfAnotherBuildIsRefusedByName() throws Exception {
    assertThat(ask()).isEqualTo("available");
    Path unpacked = filesBelow(folder).get(0);
    String build;
    try (InputStream in = NativeLibrary.class.getResourceAsStream("build.txt")) {
      build = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    String other = build.substring(0, build.length() - 16) + "0123456789abcdef";
    // One byte is one character: all others stay as they are.
    String library = Files.readString(unpacked, StandardCharsets.ISO_8859_1);
    assertThat(library).contains(build);
    Path file = folder.resolve("other.so");
    Files.writeString(file, library.replace(build, other), StandardCharsets.ISO_8859_1);

    assertThat(ask("-D" + NativeLibrary.PATH_PROPERTY + "=" + file))
        .isEqualTo(
            "unavailable: The native library %s is of another build (%s) than neuron-embed-native (%s): set %s to the library of this build, or remove the property."
                .formatted(file, other, build, NativeLibrary.PATH_PROPERTY));
  }

  @Test
  void aLibraryThatIsNotOursIsRefused() throws Exception {
    Path emulator = NativeLibrary.unpackEmulator();

    assertThat(ask("-D" + NativeLibrary.PATH_PROPERTY + "=" + emulator))
        .startsWith("unavailable: The native library " + emulator)
        .contains("is of another build (one that does not say which)");
  }

  @Test
  void aShadedJarWithoutAClassOfJavaCppIsNamed() throws Exception {
    List<String> entries = new ArrayList<>();
    for (String entry : classPath().split(File.pathSeparator, -1)) {
      entries.add(
          Path.of(entry).getFileName().toString().startsWith("javacpp-")
              ? withoutAClass(Path.of(entry)).toString()
              : entry);
    }
    assertThat(askOn(String.join(File.pathSeparator, entries)))
        .contains("unavailable: ", "org/bytedeco/javacpp/BytePointer", "relocates");
  }

  /**
   * As JavaCPP is in a jar whose packages were renamed: a name that native code asks for is not
   * there.
   */
  private Path withoutAClass(Path jar) throws Exception {
    Path shaded = folder.resolve("shaded.jar");
    try (ZipFile from = new ZipFile(jar.toFile());
        ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(shaded))) {
      for (ZipEntry entry : Collections.list(from.entries())) {
        if (!entry.getName().equals("org/bytedeco/javacpp/BytePointer.class")) {
          to.putNextEntry(new ZipEntry(entry.getName()));
          from.getInputStream(entry).transferTo(to);
        }
      }
    }
    return shaded;
  }

  @Test
  void whatCannotBeLoadedIsNamed() throws Exception {
    Path garbage = Files.writeString(folder.resolve("garbage.so"), "no library");
    assertThat(ask("-D" + NativeLibrary.PATH_PROPERTY + "=" + garbage))
        // The JVM may have something to say of the file first.
        .contains("unavailable: ", garbage.toString());
    Path missing = folder.resolve("missing.so");
    assertThat(ask("-D" + NativeLibrary.PATH_PROPERTY + "=" + missing))
        .startsWith("unavailable: ")
        .contains(missing.toString(), "not a file");
  }

  @Test
  void withoutThePlatformsJarItSaysWhatToAdd() throws Exception {
    String without =
        Arrays.stream(classPath().split(File.pathSeparator))
            .filter(
                entry ->
                    !Files.isDirectory(Path.of(entry).resolve("neuron-embed"))
                        && !entry.contains(NativeLibrary.platform()))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(askOn(without))
        .startsWith("unavailable: ")
        .contains("classifier", NativeLibrary.platform());
  }

  @Test
  void whereNoneIsBuiltItSaysWhereOneIs() throws Exception {
    assertThat(ask("-Dos.name=Mac OS X", "-Dos.arch=aarch64"))
        .isEqualTo(
            "unavailable: There is no native library for mac_os_x-aarch64: it is built for"
                + " linux-aarch64 and linux-x86_64 alone; elsewhere ONNX Runtime computes.");
  }

  @Test
  void aFolderThatForbidsExecutionIsNamedWithTheWayOut() throws Exception {
    Path forbidding = null;
    for (String mount : Files.readAllLines(Path.of("/proc/mounts"))) {
      String[] fields = mount.split(" ", -1);
      boolean memory = fields[2].equals("tmpfs");
      if (memory && Set.of(fields[3].split(",", -1)).contains("noexec")) {
        Path point = Path.of(fields[1]);
        forbidding = Files.isWritable(point) ? point : forbidding;
      }
    }
    assumeTrue(forbidding != null, "no writable file system is mounted noexec here");
    Path unpacked = Files.createTempDirectory(forbidding, "neuron-embed-test");
    try {
      assertThat(ask("-D" + NativeLibrary.DIRECTORY_PROPERTY + "=" + unpacked))
          .startsWith("unavailable: ")
          .contains("noexec", NativeLibrary.DIRECTORY_PROPERTY, NativeLibrary.PATH_PROPERTY);
    } finally {
      for (Path file : filesBelow(unpacked)) {
        Files.delete(file);
      }
      Files.delete(unpacked);
    }
  }
}
