package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.cli.NeuronEmbed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that receives a signal keeps the results it has measured. */
class InterruptedRunTest {

  @TempDir Path folder;

  private JsonArray cells() throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> json = files.filter(file -> file.toString().endsWith(".json")).toList();
      return json.isEmpty()
          ? new JsonArray()
          : new Gson().fromJson(Files.readString(json.get(0)), JsonArray.class);
    }
  }

  @Test
  void whatWasMeasuredIsInTheFilesAndOnStandardOutput() throws Exception {
    Path out = folder.resolve("out.txt");
    String cells =
        String.join(",", IntStream.rangeClosed(1, 60).mapToObj(Integer::toString).toList());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                NeuronEmbed.class.getName(),
                "bench",
                "--batch-sizes",
                "1",
                "--sequence-lengths",
                cells.replace("1,2,", ""),
                "--workers-per-model",
                "1",
                "--duration",
                "5",
                "--warm-up",
                "0.1",
                "--no-quality",
                "--output-dir",
                folder.toString())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (process.isAlive() && cells().isEmpty()) {
        Thread.sleep(50);
      }
      // What Ctrl-C does, too; a test may run where that signal is ignored.
      process.destroy();
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }

    JsonArray written = cells();
    assertThat(written).hasSizeBetween(1, 57);
    JsonObject first = written.get(0).getAsJsonObject();
    assertThat(first.get("status").getAsString()).isEqualTo("finished");
    assertThat(first.get("stopped_early").getAsBoolean()).isFalse();
    assertThat(Files.readString(out)).contains("Stopped early: ", " of 58 cells were tried.");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).noneMatch(file -> file.toString().endsWith(".partial"));
    }
  }
}
