package io.github.neuronembed.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.report.MadeRun;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.cli.DefaultParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A slowdown is found, and none is made up. */
class CompareCommandTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private Path before = Path.of("");

  @BeforeEach
  void writeBefore() throws Exception {
    before = MadeRun.write(folder.resolve("before.json"), 1, 5);
  }

  private int compare(Path after, String... options) throws Exception {
    CompareCommand command = new CompareCommand();
    String[] arguments = new String[options.length + 2];
    System.arraycopy(options, 0, arguments, 0, options.length);
    arguments[options.length] = before.toString();
    arguments[options.length + 1] = after.toString();
    return command.run(
        new DefaultParser().parse(command.options(), arguments),
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            out,
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            false));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @RepeatedTest(10)
  void tenPercentSlowerIsFound(RepetitionInfo repetition) throws Exception {
    Path after =
        MadeRun.write(folder.resolve("after.json"), 100 + repetition.getCurrentRepetition(), 5.5);

    assertThat(compare(after)).isEqualTo(ExitCode.REGRESSION);
    assertThat(out()).contains("REGRESSION");
  }

  @RepeatedTest(10)
  void theSameBuildIsTheSame(RepetitionInfo repetition) throws Exception {
    Path after =
        MadeRun.write(folder.resolve("after.json"), 200 + repetition.getCurrentRepetition(), 5);

    assertThat(compare(after)).isEqualTo(ExitCode.DONE);
    assertThat(out()).contains("0 regressions").doesNotContain("REGRESSION", "better");
  }

  @Test
  void fasterIsNoRegression() throws Exception {
    assertThat(compare(MadeRun.write(folder.resolve("after.json"), 3, 4))).isZero();
    assertThat(out()).contains("better");
  }

  @Test
  void aFewCallsAreNoVerdict() throws Exception {
    before = MadeRun.write(folder.resolve("short.json"), 1, 500);

    Path after = MadeRun.write(folder.resolve("after.json"), 2, 900);

    assertThat(compare(after, "--fail-if", "throughput=5,p99=10")).isZero();
    assertThat(out())
        .contains("too few samples for an interval", "2 of 2 verdicts are unknown: measure longer");
    assertThat(compare(after, "--fail-if", "p99=10", "--fail-on-unknown"))
        .isEqualTo(ExitCode.REGRESSION);
    assertThat(out()).contains("1 of 1 verdicts is unknown");
  }

  @Test
  void whatIsKnownIsNotCalledUnknown() throws Exception {
    Path after = MadeRun.write(folder.resolve("after.json"), 2, 5);

    assertThat(compare(after, "--fail-on-unknown")).isZero();
    assertThat(out()).doesNotContain("unknown");
  }

  @Test
  void onlyWhatIsAskedForCounts() throws Exception {
    Path after = MadeRun.write(folder.resolve("after.json"), 4, 5.5);

    assertThat(compare(after, "--fail-if", "throughput=20")).isZero();
    assertThat(out()).contains("worse, not counted");
    assertThat(compare(after, "--fail-if", "p50=8")).isEqualTo(ExitCode.REGRESSION);
  }

  @Test
  void aCellThatFailsNowIsARegressionAndSaysWhy() throws Exception {
    assertThat(compare(MadeRun.writeFailed(folder.resolve("after.json"))))
        .isEqualTo(ExitCode.REGRESSION);
    assertThat(out()).contains("failed: no memory for <it>");
  }

  @Test
  void anEmulationIsNotComparedWithTheRealThing() throws Exception {
    Path after = MadeRun.writeEmulated(folder.resolve("after.json"));

    assertThatThrownBy(() -> compare(after))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no cell in common");
  }

  @ParameterizedTest
  @CsvSource({
    "precision, int8",
    "backend_kind, neuron",
    "scenario, poisson 10.0 rows/s",
    "inputs, others",
    "input_path, slices",
    "through, engine",
  })
  void whatIsNotTheSameIsNotCompared(String key, String value) throws Exception {
    Path after = MadeRun.writeWith(folder.resolve("after.json"), 1, 5, key, value);

    assertThatThrownBy(() -> compare(after))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no cell in common");
  }

  @Test
  void anotherVersionOfTheSameBackendIsCompared() throws Exception {
    Path after = MadeRun.writeWith(folder.resolve("after.json"), 2, 5, "backend", "a test 2.0");

    assertThat(compare(after)).isZero();
    assertThat(out()).contains("1 cell compared", "1 model, 2 workers", "fp32 on onnx");
  }

  @Test
  void wrongUsageGivesOneSentence() throws Exception {
    Path other = Files.writeString(folder.resolve("other.json"), "{\"a\": 1}");

    assertThatThrownBy(() -> compare(other)).isInstanceOf(UsageException.class);
    Files.writeString(other, "");
    assertThatThrownBy(() -> compare(other)).isInstanceOf(UsageException.class);
    Files.writeString(other, "[{}]");
    assertThatThrownBy(() -> compare(other)).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> compare(before, "--fail-if", "speed=1"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--fail-if");
    assertThatThrownBy(() -> compare(before, "--fail-if", "p50=-1"))
        .isInstanceOf(UsageException.class);
  }
}
