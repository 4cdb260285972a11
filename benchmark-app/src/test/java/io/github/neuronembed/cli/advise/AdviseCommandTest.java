package io.github.neuronembed.cli.advise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Shell;
import io.github.neuronembed.cli.UsageException;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("machine-format")
class AdviseCommandTest {

  @TempDir private Path folder;
  private final Shell shell = new Shell();

  @Test
  void proposesPackedShapesForAMixAndTheCommandThatCompilesThem() {
    assertThat(shell.run("advise", "--mix", "search", "--most", "3")).isEqualTo(ExitCode.DONE);
    assertThat(shell.out())
        .contains(
            "20000 texts",
            "pass --times",
            "nothing was run on a device",
            "compile_neff.py's default: 1x32")
        .containsPattern("compile_neff.py bge-small-en-v1.5 --shapes \\S*512p64")
        .containsPattern("66 MB in bfloat16; \\d shapes take");
  }

  @Test
  void proposesPlainShapesAlone() throws IOException {
    Path lengths = folder.resolve("lengths");
    Files.write(lengths, List.of("12 100", "", "40 50"));
    assertThat(shell.run("advise", "--lengths", lengths.toString(), "--plain", "--rate", "10"))
        .isEqualTo(ExitCode.DONE);
    assertThat(shell.out()).contains("150 texts of 21.3 tokens", "at 10/s").doesNotContain("p8");
  }

  @Test
  void measuredTimesDecideAndOnlyTheirShapesAreProposed() throws IOException {
    Path lengths = Files.writeString(folder.resolve("lengths"), "12 100\n");
    Path times = Files.writeString(folder.resolve("times"), "1x16 1000\n8x16 1100\n1x64p8 9e5\n");
    String[] advise = {
      "advise", "--lengths", lengths.toString(), "--times", times.toString(), "--most", "2"
    };
    assertThat(shell.run(advise)).isEqualTo(ExitCode.DONE);
    assertThat(shell.out())
        .contains("measured times of " + times, "The time of", "--shapes 8x16\n");
  }

  @Test
  @NeedsNativeCore
  void whatBenchMeasuresOfPackedAndPlainShapesAdviseReads() throws IOException {
    Path emulator =
        Files.writeString(
            folder.resolve("emulator.json"),
            "{\"timing\":{\"service\":["
                + "{\"batch\":1,\"sequenceLength\":32,\"texts\":4,\"micros\":2000},"
                + "{\"batch\":1,\"sequenceLength\":32,\"micros\":6000}]}}");
    Path results = folder.resolve("results");
    String[] bench = {
      "bench",
      "--backend",
      "emulator",
      "--emulated-hash",
      "--emulator",
      emulator.toString(),
      "--shapes",
      "1x32p4,1x32",
      "--lengths",
      "uniform:3,8",
      "--n-models",
      "1",
      "--workers-per-model",
      "1",
      "--duration",
      "0.2",
      "--warm-up",
      "0.05",
      "--output-dir",
      results.toString()
    };
    assertThat(shell.run(bench)).isEqualTo(ExitCode.DONE);
    Path lengths = Files.writeString(folder.resolve("lengths"), "6 100\n");
    String times;
    try (Stream<Path> files = Files.list(results)) {
      times =
          files
              .map(Path::toString)
              .filter(file -> file.endsWith(".json"))
              .findFirst()
              .orElseThrow();
    }
    assertThat(shell.run("advise", "--lengths", lengths.toString(), "--times", times))
        .isEqualTo(ExitCode.DONE);
    assertThat(shell.out()).contains("measured times of " + times, "--shapes 1x32p4\n");
  }

  @Test
  void whatEmbedRecordsAdviseReads() throws IOException {
    Path texts = Files.writeString(folder.resolve("texts.txt"), "one text\nanother text\ntwo\n");
    Path lengths = folder.resolve("lengths");
    assertThat(
            shell.run(
                "embed",
                "--lengths",
                lengths.toString(),
                "--output",
                folder.resolve("vectors").toString(),
                texts.toString()))
        .isEqualTo(ExitCode.DONE);
    assertThat(LengthsFile.read(lengths)).isEqualTo(Map.of(3, 1L, 4, 2L));
    assertThat(lengths).hasContent(LengthsFile.text(Map.of(3, 1L, 4, 2L)));

    assertThat(shell.run("advise", "--lengths", lengths.toString())).isEqualTo(ExitCode.DONE);
    String recorded = shell.out();
    assertThat(shell.run("advise", texts.toString())).isEqualTo(ExitCode.DONE);
    assertThat(shell.out()).isEqualTo(recorded);
  }

  @Test
  void aServicesPrometheusMetricsAreReadToo() throws IOException {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    DistributionSummary lengths =
        DistributionSummary.builder("embedding.text.tokens")
            .serviceLevelObjectives(8, 16, 1024)
            .tag("model", "bge")
            .register(registry);
    for (int tokens : new int[] {3, 8, 9, 1_000}) {
      lengths.record(tokens);
    }
    Path file = Files.writeString(folder.resolve("metrics"), registry.scrape());
    assertThat(LengthsFile.read(file)).isEqualTo(Map.of(8, 2L, 16, 1L, 1024, 1L));

    lengths.record(2_000);
    Files.writeString(file, registry.scrape());
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> LengthsFile.read(file))
        .withMessageContaining("1 texts");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                | from one source",
        "--mix search --lengths x          | from one source",
        "--mix nothing                     | nothing",
        "--mix search --most 17            | 1 to 16",
        "--mix search --rate 0             | positive number",
        "--lengths WRONG                   | TOKENS COUNT",
        "--mix long --times WRONG          | SHAPE MICROSECONDS",
        "--lengths TOO_LONG                | at most 512",
        "--mix long --times SHORT          | holds the longest",
      })
  void refusesWhatItCannotAdviseOn(String arguments, String message) throws IOException {
    Map<String, String> files =
        Map.of("WRONG", "12\n", "TOO_LONG", "600 1\n", "SHORT", "1x16 1000\n");
    String given = arguments;
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = Files.writeString(folder.resolve(file.getKey()), file.getValue());
      given = given.replace(" " + file.getKey(), " " + path);
    }
    assertThat(shell.run(("advise " + given).strip().split(" ", -1))).isEqualTo(ExitCode.USAGE);
    assertThat(shell.err()).contains(message);
  }
}
