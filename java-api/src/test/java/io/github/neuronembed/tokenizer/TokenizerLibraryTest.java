package io.github.neuronembed.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading the native library, each time in a new process with a home directory of its own. */
class TokenizerLibraryTest {

  @TempDir Path temp;
  private Path home;
  private ModelFolder model;

  @BeforeEach
  void writeFolders() throws IOException {
    home = Files.createDirectories(temp.resolve("home"));
    model = ModelFolder.complete(temp.resolve("model"));
  }

  @Test
  void nothingIsSentAndOnlyTheLibraryIsWritten() throws Exception {
    List<String> printed = run(Map.of());

    assertThat(printed)
        .contains("connections []", "sockets 0", "switches []", "loader true")
        .anyMatch(line -> line.startsWith("ids [2, 103,"));
    // JNA, with which DJL looks for a GPU, leaves an empty folder behind.
    assertThat(files(temp))
        .filteredOn(file -> !file.startsWith(model.path()))
        .allSatisfy(
            file ->
                assertThat(home.resolve(".djl.ai").relativize(file).toString())
                    .matches("tokenizers/[^/]+-cpu-[^/]+/(lib)?tokenizers\\.(so|dylib|dll)"))
        .hasSize(1);
  }

  /** Even where the environment asks for a GPU's library, which is not in the jar. */
  @Test
  void nothingIsDownloadedForAGpu() throws Exception {
    List<String> printed = run(Map.of("DJL_OFFLINE", "false", "OPT_OUT_TRACKING", "false"));

    assertThat(printed)
        .contains("connections []", "sockets 0")
        .anyMatch(line -> line.startsWith("ids ["));
  }

  @Test
  void whereItCannotBeUnpackedTheRefusalTellsTheFolderAndTheRemedy() throws Exception {
    Path file = Files.createFile(temp.resolve("file"));

    List<String> printed = run(Map.of("DJL_CACHE_DIR", file.resolve("cache").toString()));

    assertThat(printed)
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("refused The tokenizer's native library cannot be loaded from")
                    .contains(
                        file.resolve("cache").toString(),
                        "it cannot be written",
                        "Set ENGINE_CACHE_DIR to a writable folder"))
        .anyMatch(line -> line.startsWith("again The tokenizer's native library"));
  }

  @Test
  void aLibraryThatIsNoneIsRefused() throws Exception {
    Path library =
        Files.writeString(temp.resolve(System.mapLibraryName("tokenizers")), "not a library");

    List<String> printed = run(Map.of("RUST_LIBRARY_PATH", library.toString()));

    assertThat(printed)
        .anyMatch(
            line -> line.startsWith("refused The tokenizer's native library cannot be loaded"))
        .anyMatch(line -> line.startsWith("again The tokenizer's native library"));
  }

  private List<String> run(Map<String, String> environment) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Duser.home=" + home);
    command.add("-Djava.io.tmpdir=" + Files.createDirectories(temp.resolve("tmp")));
    command.add("-XX:-UsePerfData");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(OfflineProbe.class.getName());
    command.add(model.path().toString());
    Path output = temp.resolve("home").resolveSibling("output");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true);
    builder.redirectOutput(output.toFile());
    builder.environment().keySet().removeIf(name -> name.contains("DJL") || name.contains("RUST"));
    builder.environment().keySet().removeAll(List.of("OPT_OUT_TRACKING", "ENGINE_CACHE_DIR"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();
    List<String> printed = Files.readAllLines(output, StandardCharsets.UTF_8);
    Files.delete(output);
    assertThat(ended).as("ended, having printed %s", printed).isTrue();
    assertThat(process.exitValue()).as("exit status, with %s", printed).isZero();
    return printed;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }
}
