package io.github.neuronembed.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.models.ModelArgument;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.commons.cli.DefaultParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command with the real model. */
class BenchCommandTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int bench(String arguments) throws Exception {
    out.reset();
    BenchCommand command = new BenchCommand();
    String words = arguments.replace("DIR", folder.toString()).strip();
    return command.run(
        new DefaultParser()
            .parse(command.options(), words.isEmpty() ? new String[0] : words.split(" +")),
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            out,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false));
  }

  private List<JsonObject> cells() {
    List<JsonObject> cells = new ArrayList<>();
    for (JsonElement cell :
        new Gson().fromJson(out.toString(StandardCharsets.UTF_8), JsonArray.class)) {
      cells.add(cell.getAsJsonObject());
    }
    return cells;
  }

  @Test
  @NeedsNativeCore
  void sweepsTheEmulatorsInputPathsAndTheEnginesSlots() throws Exception {
    Files.writeString(
        folder.resolve("emulator.json"), "{\"timing\":{\"fallback\":{\"baseMicros\":500}}}");

    int code =
        bench(
            "--backend emulator --emulator DIR/emulator.json --through engine --slots 1,2"
                + " --input-paths write,slices --batch-sizes 2 --sequence-lengths 8 --n-models 1"
                + " --workers-per-model 2 --lengths uniform:3,8 --duration 0.2 --warm-up 0.05"
                + " --chip inf2 --format json --markdown DIR/report.md --hlog DIR/run.hlog");

    assertThat(cells()).hasSize(4);
    assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isEqualTo(ExitCode.DONE);
    assertThat(cells())
        .extracting(cell -> cell.get("input_path").getAsString() + cell.get("slots").getAsInt())
        .containsExactly("write1", "slices1", "write2", "slices2");
    assertThat(cells())
        .allSatisfy(
            cell -> {
              assertThat(cell.get("emulated").getAsBoolean()).isTrue();
              assertThat(cell.get("device_type").getAsString()).isEqualTo("emulated");
              assertThat(cell.get("least_cosine").getAsDouble()).isGreaterThan(0.99999);
              assertThat(cell.get("padding_ratio").getAsDouble()).isBetween(0.1, 0.9);
              assertThat(cell.get("execute_avg_ms").getAsDouble()).isGreaterThanOrEqualTo(0.5);
              assertThat(cell.get("write_avg_ms").getAsDouble()).isPositive();
              assertThat(cell.get("utilisation").getAsDouble()).isNotNegative();
            });
    assertThat(Files.readString(folder.resolve("report.md"))).contains("**Emulated");
    assertThat(Files.readString(folder.resolve("run.hlog")))
        .contains("Tag=emulated.2x8.m1.w2.s1.write,");
  }

  @Test
  void measuresPairsOfACrossEncoder() throws Exception {
    SmallModel.BERT_RERANKER.writeTo(Files.createDirectory(folder.resolve("pairs")));
    Files.writeString(folder.resolve("texts.txt"), "open the settings page\na letter\n");
    String rest =
        " --model DIR/pairs --batch-sizes 2 --sequence-lengths 32 --workers-per-model 1"
            + " --duration 0.1 --warm-up 0.01 --format json";

    for (String through : List.of("slots", "engine")) {
      assertThat(bench("--lengths uniform:8,32 --through " + through + rest)).isZero();
      assertThat(cells())
          .singleElement()
          .satisfies(
              cell -> {
                assertThat(cell.get("model_name").getAsString()).isEqualTo("pairs");
                assertThat(cell.get("backend").getAsString()).startsWith("onnxruntime");
                assertThat(cell.get("status").getAsString()).isEqualTo("finished");
                assertThat(cell.get("throughput_with_stalls").getAsDouble()).isPositive();
                assertThat(cell.get("latency_ms_p99").getAsDouble()).isPositive();
                assertThat(cell.get("inputs").getAsString()).startsWith("pairs of random tokens");
                assertThat(cell.toString()).contains("a cross-encoder gives scores, not vectors");
              });
    }
    assertThat(bench("--texts DIR/texts.txt --query settings" + rest)).isZero();
    assertThat(cells().get(0).get("inputs").getAsString()).contains("2 texts of texts.txt");
  }

  @ParameterizedTest
  @CsvSource({
    "--texts DIR/texts.txt,--query",
    "--backend cpu,--backend cpu computes no cross-encoder",
    "--emulated-hash,--backend emulator"
  })
  void whatACrossEncoderHasNotIsWrongUsage(String option, String part) throws Exception {
    SmallModel.BERT_RERANKER.writeTo(Files.createDirectory(folder.resolve("pairs")));
    Files.writeString(folder.resolve("texts.txt"), "a letter\n");
    assertThatThrownBy(() -> bench("--model DIR/pairs " + option))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(part);
    assertThatThrownBy(() -> bench("--query x"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("cross-encoder");
  }

  @Test
  @NeedsNativeCore
  void fillsAPackedShapeInAClosedLoop() throws Exception {
    bench(
        "--backend emulator --shapes 1x32p4,2x16p2 --lengths uniform:3,8 --n-models 1"
            + " --workers-per-model 2 --duration 0.2 --warm-up 0.05 --format json"
            + " --hlog DIR/run.hlog");

    assertThat(cells())
        .extracting(cell -> cell.get("texts_per_row").getAsInt())
        .containsExactly(4, 2);
    assertThat(cells())
        .allSatisfy(
            cell -> {
              assertThat(cell.get("texts_per_execution").getAsDouble()).isBetween(2.5, 4.0);
              assertThat(cell.get("total_infs").getAsLong())
                  .isGreaterThan(2 * cell.get("calls").getAsLong());
              assertThat(cell.get("token_fill").getAsDouble()).isBetween(0.4, 0.9);
              assertThat(cell.get("least_cosine").getAsDouble()).isGreaterThan(0.99999);
            });
    assertThat(Files.readString(folder.resolve("run.hlog")))
        .contains("Tag=emulated.1x32p4.m1.w2,", "Tag=emulated.2x16p2.m1.w2,");
  }

  @Test
  @NeedsNativeCore
  void theEngineFillsAPackedShapeWithWhatArrives() throws Exception {
    Files.writeString(
        folder.resolve("emulator.json"), "{\"timing\":{\"fallback\":{\"baseMicros\":20000}}}");

    bench(
        "--backend emulator --emulator DIR/emulator.json --emulated-hash --shapes 1x32p4"
            + " --lengths uniform:3,8 --through engine --scenario poisson --rate 150 --n-models 1"
            + " --workers-per-model 8 --slots 2 --duration 1 --warm-up 0.05 --format json");

    JsonObject cell = cells().get(0);
    assertThat(cell.get("total_infs").getAsLong()).isEqualTo(cell.get("calls").getAsLong());
    assertThat(cell.get("texts_per_execution").getAsDouble()).isGreaterThan(1.5);
  }

  @Test
  @NeedsNativeCore
  void aBackendThatCannotBeOpenedIsOneSentenceAndNoReport() throws Exception {
    Files.writeString(folder.resolve("emulator.json"), "{\"timing\": 5}");

    assertThatThrownBy(
            () ->
                bench(
                    "--backend emulator --emulator DIR/emulator.json --output-dir DIR/results"
                        + " --markdown DIR/report.md"))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("nrt_emulator_configure");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(folder.resolve("results")).isEmptyDirectory();
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().contains("report.md"));
  }

  @Test
  @NeedsNativeCore
  void packedHashesAreNoModel() throws Exception {
    EmulatedModels.HASHED.linked(
        ModelArgument.resolve(ModelArgument.AT_HAND),
        List.of(new Shape(1, 8)),
        folder.resolve("model"));

    assertThat(
            bench(
                "--backend emulator --model DIR/model --batch-size 1 --sequence-length 8 --n-models"
                    + " 1 --workers-per-model 1 --duration 0.1 --warm-up 0.05 --chip inf2 --format"
                    + " json"))
        .isZero();

    assertThat(cells().get(0).get("precision").getAsString()).isEqualTo("none");
    assertThat(cells().get(0).get("quality_skipped").getAsString())
        .isEqualTo("the emulator computed no model");
    assertThat(cells().get(0).has("utilisation")).isFalse();
  }

  @Test
  void theBackendIsNamedForAllCells() {
    assertThat(BenchCommand.backend(Set.of())).isEqualTo("nothing");
    assertThat(BenchCommand.backend(Set.of("onnxruntime 1.20.0 (1 session, 1 thread)")))
        .isEqualTo("onnxruntime 1.20.0 (1 session, 1 thread)");
    assertThat(
            BenchCommand.backend(
                Set.of(
                    "onnxruntime 1.20.0 (1 session, 1 thread)",
                    "onnxruntime 1.20.0 (2 sessions, 1 thread)")))
        .isEqualTo("onnxruntime 1.20.0");
    assertThat(
            BenchCommand.backend(
                Set.of(
                    "emulated libnrt (no device) 2.30, 12 NeuronCores",
                    "emulated libnrt (no device) 2.30, 1 NeuronCore")))
        .isEqualTo("emulated libnrt (no device) 2.30");
  }

  @Test
  @NeedsNativeCore
  void withoutAModelOnlyTheEmulatorsTimingCounts() throws Exception {
    Files.writeString(
        folder.resolve("emulator.json"),
        "{\"timing\":{\"service\":[{\"batch\":1,\"sequenceLength\":256,\"micros\":1742}]}}");

    assertThat(
            bench(
                "--backend emulator --emulator DIR/emulator.json --emulated-hash --batch-sizes 1"
                    + " --sequence-lengths 256 --n-models 2 --workers-per-model 2 --duration 0.3"
                    + " --warm-up 0.05 --chip inf2 --format json"))
        .isZero();

    JsonObject cell = cells().get(0);
    assertThat(cell.get("precision").getAsString()).isEqualTo("none");
    assertThat(cell.has("utilisation")).isFalse();
    assertThat(cell.get("quality_skipped").getAsString())
        .isEqualTo("the emulator computed no model");
    // Two cores that take 1742 µs cannot do more; a slow machine does less.
    assertThat(cell.get("throughput_with_stalls").getAsDouble()).isLessThan(2 * 1e6 / 1742);
    assertThat(cell.get("execute_avg_ms").getAsDouble()).isGreaterThanOrEqualTo(1.742);
  }

  @Test
  void passesOverTextsOnceAndCountsTheirTokens() throws Exception {
    // Two special tokens each; "tides" and "the moon" are words of the vocabulary.
    Files.writeString(folder.resolve("texts.txt"), "tides\nthe moon\ntides\nthe moon\ntides\n");

    assertThat(
            bench(
                "--scenario offline --texts DIR/texts.txt --batch-sizes 2 --sequence-lengths 8"
                    + " --workers-per-model 1 --warm-up 0.05 --format json"))
        .isZero();

    JsonObject cell = cells().get(0);
    assertThat(cell.get("total_infs").getAsInt()).isEqualTo(5);
    assertThat(cell.get("calls").getAsInt()).isEqualTo(3);
    assertThat(cell.get("tokens_per_row").getAsDouble()).isEqualTo(3.4);
    // Batches are as long as their longest: 4 + 4, 4 + 4 and 3 tokens for 17.
    assertThat(cell.get("padding_ratio").getAsDouble()).isEqualTo(0.105);
    assertThat(cell.get("tokenize_avg_ms").getAsDouble()).isPositive();
    assertThat(cell.get("inputs").getAsString())
        .isEqualTo("5 texts of texts.txt, tokenized in the call");
  }

  @Test
  void replaysATraceAndLooksForTheHighestRate() throws Exception {
    Files.writeString(folder.resolve("trace.txt"), "0\n20ms\n40ms\n0.06\n");
    assertThat(
            bench(
                "--scenario trace --trace DIR/trace.txt --batch-sizes 1 --sequence-lengths 8"
                    + " --workers-per-model 1 --warm-up 0.05 --no-quality --format json"))
        .isZero();
    assertThat(cells().get(0).get("calls").getAsInt()).isEqualTo(4);
    assertThat(cells().get(0).get("quality_skipped").getAsString()).isEqualTo("not asked for");

    // Any rate has a p99 above a microsecond: it ends, and says what it tried.
    assertThat(
            bench(
                "--scenario max-rate --p99-bound 0.001 --batch-sizes 1 --sequence-lengths 8"
                    + " --workers-per-model 1 --duration 0.02 --warm-up 0.05 --no-quality"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("no tried rate meets the bound", "tried ", "not met");
  }

  @Test
  void measuresTheCellsOfAFile() throws Exception {
    Files.writeString(
        folder.resolve("cells.csv"),
        "batch_size,sequence_length,n_models,workers_per_model\n1,8,1,1\n2,16,1,2\n");

    assertThat(
            bench(
                "--matrix DIR/cells.csv --duration 0.1 --warm-up 0.05 --no-quality --format json"))
        .isZero();

    assertThat(cells())
        .extracting(cell -> cell.get("sequence_length").getAsInt())
        .containsExactly(8, 16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--scenario offline                     | needs --texts FILE",
        "--scenario trace                       | needs --trace FILE",
        "--scenario max-rate                    | needs --p99-bound MILLIS",
        "--scenario closed --rate 5             | does not use --rate",
        "--slots 2                              | Slots go with --through engine",
        "--shapes 1x32p4 --batch-size 1         | --shapes does not go with --batch-size",
        "--shapes 1x32p                         | --shapes: A shape is batch x length",
        "--shapes 1x32p4                        | a CPU pads nothing",
        "--backend emulator --shapes 1x32p4 --scenario poisson --rate 5 | --through engine",
        "--input-paths write                    | with --backend neuron or emulator",
        "--backend emulator --input-paths dma   | no input path 'dma'",
        "--emulator DIR/none.json               | --emulator goes with --backend emulator",
        "--emulated-hash                        | --emulated-hash goes with --backend emulator",
        "--backend emulator --precision int8    | the emulator computes in fp32",
        "--preset inf2-encoders --slots 2       | does not go with --slots",
        "--matrix DIR/x.csv --batch-sizes 1     | does not go with --batch-sizes",
        "--matrix DIR/x.csv --batch-size 1      | does not go with --batch-size",
        "--batch-size 1 --batch-sizes 1         | is another name of --batch-sizes",
        "--preset inf2-encoders --matrix x      | does not go with --matrix",
        "--lengths normal                       | lognormal:MEDIAN,SIGMA",
        "--chip inf3                            | --chip is one of inf2|trn1",
      })
  void wrongUsageGivesOneSentence(String arguments, String message) {
    assertThatThrownBy(() -> bench(arguments))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(message);
  }
}
