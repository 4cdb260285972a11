package io.github.neuronembed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as a shell sees them, with the real model. */
class CommandLineTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String input, String... arguments) {
    return run(input.getBytes(StandardCharsets.UTF_8), out, arguments);
  }

  private int run(byte[] input, OutputStream output, String... arguments) {
    return NeuronEmbed.run(
        arguments,
        new Streams(
            new ByteArrayInputStream(input),
            output,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false));
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private List<JsonObject> vectors() {
    return out().lines().map(line -> new Gson().fromJson(line, JsonObject.class)).toList();
  }

  private float[] embedding(int line) {
    return new Gson().fromJson(vectors().get(line).get("embedding"), float[].class);
  }

  @Tag("machine-format")
  @Test
  void embedsALineEachInOrder() {
    assertThat(run("first\n\nthird", "embed")).isZero();

    assertThat(vectors()).hasSize(3);
    assertThat(vectors()).extracting(v -> v.get("id").getAsInt()).containsExactly(1, 2, 3);
    assertThat(vectors()).allSatisfy(v -> assertThat(v.getAsJsonArray("embedding")).hasSize(384));
    assertThat(err()).contains("bge-small-en-v1.5 on ");
  }

  @Test
  void readsJsonLinesAndKeepsTheirIds() {
    String input =
        """
        {"id":"a \\" b","text":"how tides work","type":"query"}
        {"id":7,"text":"how tides work"}

        {"text":"how tides work","type":"passage"}
        """;

    assertThat(run(input, "embed")).isZero();

    assertThat(vectors())
        .extracting(v -> v.get("id").getAsString())
        .containsExactly("a \" b", "7", "4");
    // Not bit for bit: on ONNX Runtime, the longest text of the batch changes the last digits.
    assertThat(Vectors.cosine(embedding(1), embedding(2))).isGreaterThan(0.99999);
    assertThat(Vectors.cosine(embedding(0), embedding(1))).isLessThan(0.99);
  }

  @Test
  void theTypeOptionIsForLinesThatDoNotSay() {
    run("how tides work", "embed", "--type", "query");
    String asOption = out();
    out.reset();
    run("{\"text\":\"how tides work\",\"type\":\"query\"}", "embed");

    assertThat(asOption).isEqualTo(out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"text\":1}                     | \"text\" is not a string",
        "{\"id\":[],\"text\":\"x\"}       | \"id\" is not a string or a number",
        "{\"text\":\"x\",\"type\":\"y\"}  | \"type\" must be \"passage\", \"document\" or \"query\"",
        "{\"text\":\"x\",\"text\":\"y\"}  | \"text\" is given twice",
        "{\"text\":\"x\"} {}            | not a JSON object: see character",
        "{\"text\":null}               | the object has no \"text\"",
        "{\"text\":\"secret               | not a JSON object",
        "[1]                              | not a JSON object",
      })
  void aBadLineEndsTheRunAfterTheVectorsBeforeIt(String line, String reason) {
    String input = "{\"text\":\"good\"}\n" + line + "\n{\"text\":\"never\"}\n";

    assertThat(run(input, "embed", "--input-format", "jsonl")).isEqualTo(ExitCode.FAILED);

    assertThat(vectors()).hasSize(1);
    assertThat(err())
        .contains("standard input, line 2: " + reason)
        .contains("--keep-going")
        .doesNotContain("secret");
  }

  /** Such a line was embedded as it is, and all behind it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"id\":\"a\" \"text\":\"x\"}   | not a JSON object: see character 11",
        "{\"txt\":\"x\"}               | the object has no \"text\"",
        "\uFEFF  {\"text\":             | not a JSON object: see character 10",
        "{\"text\":\"\\ud800 lone\"}     | a string has half of a surrogate pair, which is not valid text",
      })
  void aBadFirstLineDoesNotMakeJsonLinesPlainText(String line, String reason) {
    assertThat(run(line + "\n{\"text\":\"good\"}\n", "embed")).isEqualTo(ExitCode.FAILED);

    assertThat(out()).isEmpty();
    assertThat(err())
        .contains(
            "line 1: %s; --input-format text takes lines as they are. --keep-going"
                .formatted(reason));
    assertThat(run(line + "\n{\"text\":\"good\"}\n", "embed", "--keep-going"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(vectors()).extracting(v -> v.get("id").getAsInt()).containsExactly(2);
  }

  @Test
  void aNameOfJsonLinesIsBelieved(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("texts.jsonl"), "how tides work\n");

    assertThat(run("", "embed", file.toString())).isEqualTo(ExitCode.FAILED);

    assertThat(err())
        .contains("texts.jsonl, line 1: not a JSON object: see character 0; --input-format text");
    assertThat(run("", "embed", "-i", "text", file.toString())).isZero();
  }

  @Test
  void keepGoingSkipsBadLinesAndSaysSo() {
    byte[] input = "one\n\377\376\nthree\n".getBytes(StandardCharsets.ISO_8859_1);

    assertThat(run(input, out, "embed", "--keep-going")).isEqualTo(ExitCode.FAILED);

    assertThat(vectors()).extracting(v -> v.get("id").getAsInt()).containsExactly(1, 3);
    assertThat(err()).contains("skipped standard input, line 2: the line is not valid UTF-8");
  }

  @Test
  void strictRefusesALongTextWithItsCount() {
    assertThat(run("short\n" + "word ".repeat(600), "embed", "--strict"))
        .isEqualTo(ExitCode.FAILED);

    assertThat(vectors()).hasSize(1);
    assertThat(err())
        .contains("line 2: the text has 602 tokens, the model takes 512")
        .containsOnlyOnce("--keep-going");
  }

  @Test
  void textsThatWereCutAreCounted() {
    String full = "word ".repeat(510);

    assertThat(run(full + "\nshort\n", "embed")).isZero();
    assertThat(err()).doesNotContain("truncated at");
    assertThat(run(full + "word\n", "embed")).isZero();
    assertThat(err()).contains("1 text was truncated at 512 tokens; --strict rejects it.");
    // Many characters and few tokens, more than enough, and many tokens without a blank.
    assertThat(run("x".repeat(9000) + "\n" + full + full + "\n" + "潮".repeat(9000), "embed"))
        .isZero();
    assertThat(err()).contains("2 texts were truncated at 512 tokens; --strict rejects them.");
  }

  @Test
  void whatCannotBeInputIsRefusedBeforeTheModelIsLoaded(@TempDir Path folder) throws Exception {
    assertThat(run("", "embed", folder.toString())).isEqualTo(ExitCode.USAGE);
    assertThat(err()).hasLineCount(1).contains(folder + " is a folder; name a file.");
    err.reset();
    Path file = Files.writeString(folder.resolve("texts"), "a\n");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);

    assertThat(run("", "embed", file.toString(), "-o", link.toString())).isEqualTo(ExitCode.USAGE);

    assertThat(err()).hasLineCount(1).contains(file + " is the input and would be replaced");
    assertThat(file).hasContent("a\n");
  }

  @Test
  void hostileTextsHaveVectors() {
    String input =
        "nul \0 inside\n"
            + "{\"text\":\""
            + "\\ud800 lone"
            + "\"}\n"
            + "\uD83D\uDE80 \u200D\n"
            + "x".repeat(10 << 20)
            + "\n"
            + "word, ".repeat(1_700_000)
            + "\n";

    assertThat(run(input, "embed", "--input-format", "text")).isZero();

    assertThat(vectors()).hasSize(5);
  }

  @Test
  void aClosedPipeEndsTheRunQuietly() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };

    assertThat(run("text\n".getBytes(StandardCharsets.UTF_8), closed, "embed")).isZero();
    assertThat(err().lines()).hasSize(1).first().asString().contains("bge-small-en-v1.5 on ");
  }

  @Test
  void anOutputThatCannotBeWrittenIsNamed(@TempDir Path folder) throws Exception {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThat(run("a\n".getBytes(StandardCharsets.UTF_8), full, "embed"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(run("a\n", "embed", "-o", folder + "/none/x")).isEqualTo(ExitCode.FAILED);
    assertThat(run("a\n", "embed", "-o", file + "/x")).isEqualTo(ExitCode.FAILED);
    assertThat(run("", "bench", "--output-dir", file.toString())).isEqualTo(ExitCode.FAILED);
    assertThat(run("", "make-model", "--output-dir", file.toString())).isEqualTo(ExitCode.FAILED);
    assertThat(run("", "pack", "--output", file.toString())).isEqualTo(ExitCode.FAILED);

    assertThat(err())
        .contains(
            "standard output: No space left on device",
            folder + "/none: no such file or folder",
            file + ": not a folder")
        .doesNotContain("exists already");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "csv", "npy"})
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsNamedInEveryFormat(String format) {
    assertThat(run("a\n", "embed", "-f", format, "-o", "/dev/full")).isEqualTo(ExitCode.FAILED);

    assertThat(err()).contains("neuron-embed: /dev/full: No space left on device");
  }

  @Test
  void aFileAppearsOnlyWhenItIsComplete(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("vectors.jsonl");

    assertThat(run("{\"text\":\"a\"}\n{", "embed", "-o", file.toString()))
        .isEqualTo(ExitCode.FAILED);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }

    assertThat(run("{\"text\":\"a\"}\n", "embed", "-o", file.toString())).isZero();
    assertThat(Files.readAllLines(file)).hasSize(1);
    assertThat(out()).isEmpty();
  }

  @Tag("machine-format")
  @Test
  void npyHasAHeaderThatNumPyReads(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("vectors.npy");

    assertThat(run("a\nb\nc\n", "embed", "--format", "npy", "--output", file.toString())).isZero();

    byte[] bytes = Files.readAllBytes(file);
    assertThat(bytes).hasSize(128 + 3 * 384 * 4);
    assertThat(new String(bytes, 1, 5, StandardCharsets.US_ASCII)).isEqualTo("NUMPY");
    assertThat(new String(bytes, 10, 118, StandardCharsets.US_ASCII))
        .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 384), }")
        .endsWith("\n");
    double squares = 0;
    ByteBuffer second = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 384; i++) {
      float x = second.getFloat(128 + (384 + i) * 4);
      squares += x * x;
    }
    assertThat(squares).isBetween(0.999, 1.001);
  }

  @Test
  void npyToAPipeIsRefused() {
    assertThat(run("a", "embed", "--format", "npy")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("--output FILE");
  }

  @Tag("machine-format")
  @Test
  void csvHasAColumnForEachNumber() {
    assertThat(run("{\"id\":\"a,b\",\"text\":\"x\"}", "embed", "--format", "csv")).isZero();

    List<String> lines = out().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith("id,e0,e1,").endsWith(",e383");
    assertThat(lines.get(1)).startsWith("\"a,b\",");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "                                     | No command given",
        "nonsense                             | Unknown command 'nonsense'",
        "embed --nonsense                     | --help",
        "embed --type other                   | --type is one of query|passage",
        "embed --model nowhere                | neither a folder nor",
        "bench --duration -1                  | positive number",
        "bench --batch-sizes 1,x              | positive whole numbers",
        "bench --sequence-lengths 513         | the model takes 512 tokens",
        "bench --preset x                     | inf2-bge-base",
        "bench --preset inf2-encoders --n-models 1 | does not go with --n-models",
        "make-model --size huge               | --size is one of small|base|large",
        "make-model --seed x                  | --seed takes an integer",
        "make-model here                      | options only",
      })
  void wrongUsageIsOneSentenceAndExitCodeTwo(String arguments, String message) {
    String[] words =
        arguments == null || arguments.isBlank() ? new String[0] : arguments.strip().split(" +");

    assertThat(run("", words)).isEqualTo(ExitCode.USAGE);

    assertThat(err().lines()).hasSize(1).first().asString().contains(message);
    assertThat(out()).isEmpty();
  }

  @Test
  void aMissingInputFileIsNamed() {
    assertThat(run("", "embed", "/nowhere/texts.txt")).isEqualTo(ExitCode.FAILED);
    assertThat(err()).contains("/nowhere/texts.txt: no such file or folder");
  }

  @Test
  void aDamagedModelIsOneSentence(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("modules.json"), "[{\"idx\": 0,");

    assertThat(run("text", "embed", "--model", folder.toString())).isEqualTo(ExitCode.FAILED);

    assertThat(err().lines()).hasSize(1).first().asString().contains("modules.json");
  }

  @Test
  void debugShowsWhereAnErrorCameFrom() {
    assertThat(run("", "embed", "--model", "nowhere", "--debug")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("\tat io.github.neuronembed.cli");
  }

  @Test
  void showsHelpAndVersion() {
    assertThat(run("", "--help")).isZero();
    assertThat(out()).contains("embed", "bench", "exit codes");
    out.reset();
    assertThat(run("", "embed", "--help")).isZero();
    assertThat(out()).contains("--keep-going", "--precision");
    out.reset();
    assertThat(run("", "--version")).isZero();
    assertThat(out()).matches("neuron-embed \\d+\\.\\d+\\.\\d+.*\n");
  }

  @Test
  void runsTheModelsOwnGraphIfAskedTo() {
    assertThat(run("how tides work", "embed", "--original-graph")).isZero();
    JsonObject original = vectors().get(0);
    assertThat(err()).doesNotContain("rewritten");
    out.reset();
    assertThat(run("how tides work", "embed", "--backend", "onnx")).isZero();
    JsonObject prepared = vectors().get(0);
    assertThat(err()).contains("rewritten");
    double cosine = 0;
    for (int i = 0; i < 384; i++) {
      cosine += component(original, i) * component(prepared, i);
    }
    assertThat(cosine).isCloseTo(1, within(1e-5));
  }

  private static double component(JsonObject vector, int index) {
    return vector.getAsJsonArray("embedding").get(index).getAsDouble();
  }

  @Test
  void makesAModelOnce(@TempDir Path folder) {
    String[] makeModel = {"make-model", "--size", "small", "--output-dir", folder.toString()};
    Path model = folder.resolve("random-bge-small-en-v1.5");

    assertThat(run("", makeModel)).isZero();

    assertThat(out()).isEqualTo(model + "\n");
    assertThat(model.resolve("onnx/model.onnx")).isNotEmptyFile();
    assertThat(run("", makeModel)).isEqualTo(ExitCode.FAILED);
    assertThat(err()).contains(model + ": exists already");
  }

  @Test
  void measuresAMatrix(@TempDir Path folder) throws Exception {
    assertThat(
            run(
                "",
                "bench",
                "--batch-sizes",
                "1,2",
                "--sequence-lengths",
                "8",
                "--n-models",
                "1,2",
                "--workers-per-model",
                "1",
                "--duration",
                "0.2",
                "--warm-up",
                "0.1",
                "--format",
                "csv",
                "--output-dir",
                folder.toString()))
        .isZero();

    assertThat(out().lines()).hasSize(5);
    assertThat(out()).startsWith("model_name,n_models,workers_per_model,pipeline_size,batch_size,");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .hasSize(3)
          .allMatch(
              name ->
                  name.matches("bge-small-en-v1\\.5\\.results-\\d{8}-\\d{6}\\.(csv|json|html)"));
    }
  }

  @Test
  void pullAndVerifyExplainThemselves() {
    assertThat(run("", "pull", "--help")).isZero();
    assertThat(run("", "verify", "--help")).isZero();
    assertThat(out())
        .contains("OWNER/NAME", "HF_HUB_OFFLINE", "neuron-embed.json", "queryPrefix")
        .contains("0.99999 for fp32", "0.95 for int8");
    assertThat(run("", "pull")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("pull takes one repository");
  }

  /** A failure to load is a failed verification, in one line. */
  @Test
  void verifyFailsOnADirectoryThatIsNoModel(@TempDir Path folder) {
    assertThat(run("", "verify", "--model", folder.toString())).isEqualTo(ExitCode.FAILED);
    assertThat(err()).contains("modules.json is missing").hasLineCount(1);
  }
}
