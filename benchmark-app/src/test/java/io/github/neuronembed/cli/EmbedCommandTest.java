package io.github.neuronembed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes in and comes out of {@code embed}, with a tiny model: 32 tokens a text, 8 numbers. */
class EmbedCommandTest {

  private static final int LIMIT = 32;
  private static final int SPECIAL = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @BeforeEach
  void writeModel() throws IOException {
    ModelFolder model = ModelFolder.complete(folder.resolve("tiny"));
    model.set("config.json", "matryoshka_dimensions", "[4]");
    Path onnx = model.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, new BertShape(1, 8, 2, 16, ModelFolder.VOCABULARY, 64), 1);
  }

  private int embed(String input, String... arguments) {
    out.reset();
    err.reset();
    List<String> all = new ArrayList<>(List.of("embed", "--original-graph", "--backend", "onnx"));
    all.addAll(List.of("--model", folder.resolve("tiny").toString()));
    all.addAll(List.of(arguments));
    return NeuronEmbed.run(
        all.toArray(String[]::new),
        new Streams(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            out,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false));
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private List<JsonObject> lines() {
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> new Gson().fromJson(line, JsonObject.class))
        .toList();
  }

  private List<float[]> vectors() {
    return lines().stream()
        .map(line -> new Gson().fromJson(line.get("embedding"), float[].class))
        .toList();
  }

  @Test
  void twoHundredCutTextsAreNamedWithTheirLengths() {
    StringBuilder input = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      input.append("fox ".repeat(LIMIT - SPECIAL)).append('\n');
      input.append("fox ".repeat(LIMIT - SPECIAL + 1 + i)).append('\n');
    }

    assertThat(embed(input.toString(), "--with-tokens")).isZero();

    List<JsonObject> lines = lines();
    assertThat(lines).hasSize(400);
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i).get("cut").getAsBoolean()).isEqualTo(i % 2 == 1);
      assertThat(lines.get(i).get("tokens").getAsInt())
          .isEqualTo(i % 2 == 1 ? LIMIT + 1 + i / 2 : LIMIT);
    }
    assertThat(err()).contains("200 texts were truncated at 32 tokens; --strict rejects them.");

    assertThat(embed(input.toString())).isZero();
    assertThat(lines().get(1).keySet()).containsExactly("id", "embedding");
    assertThat(err()).contains("200 texts were truncated at 32 tokens; --strict rejects them.");
  }

  @Test
  void tokensHaveNoPlaceInOtherFormats() {
    assertThat(embed("fox", "--with-tokens", "--format", "csv")).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("--with-tokens goes with --format jsonl");
  }

  @Test
  @Tag("machine-format")
  void everyTypeIsWrittenInEveryFormat() throws Exception {
    String input = "the fox\nfox the fox\nthe\n";
    Path ranges = folder.resolve("ranges.npy");
    assertThat(embed(input, "--write-ranges", ranges.toString())).isZero();
    List<float[]> floats = vectors();
    assertThat(Files.size(ranges)).isEqualTo(128 + 2 * 8 * 4);

    assertThat(embed(input, "--output-dtype", "float16")).isZero();
    for (int i = 0; i < 3; i++) {
      assertThat(vectors().get(i)).containsExactly(floats.get(i), within(1e-3f));
    }
    assertThat(npy(input, "<f2", 8, "--output-dtype", "float16")).hasSize(3 * 8 * 2);

    String[] int8 = {"--output-dtype", "int8", "--ranges", ranges.toString()};
    assertThat(embed(input, int8)).isZero();
    List<float[]> bytes = vectors();
    for (int element = 0; element < 8; element++) {
      int at = element;
      // The highest number is 255 steps above the lowest, or by rounding a little less.
      assertThat(bytes.stream().map(v -> v[at])).contains(-128f).anyMatch(number -> number >= 126);
    }
    ByteBuffer int8File = ByteBuffer.wrap(npy(input, "|i1", 8, int8));
    assertThat((float) int8File.get(8)).isEqualTo(bytes.get(1)[0]);

    assertThat(embed(input, "--output-dtype", "ubinary", "--format", "csv")).isZero();
    int signs = 0;
    for (int element = 0; element < 8; element++) {
      signs |= floats.get(0)[element] > 0 ? 0x80 >> element : 0;
    }
    assertThat(out.toString(StandardCharsets.UTF_8).lines().limit(2))
        .containsExactly("id,e0", "1," + signs);
    assertThat(npy(input, "|u1", 1, "--output-dtype", "ubinary")[0]).isEqualTo((byte) signs);
    assertThat(npy(input, "|i1", 1, "--output-dtype", "binary")[0]).isEqualTo((byte) (signs - 128));
  }

  /** What is behind the header of an npy file. */
  private byte[] npy(String input, String type, int numbers, String... arguments)
      throws IOException {
    Path file = folder.resolve("vectors.npy");
    String[] all =
        Stream.concat(
                Stream.of("--format", "npy", "--output", file.toString()), Stream.of(arguments))
            .toArray(String[]::new);
    assertThat(embed(input, all)).isZero();
    byte[] bytes = Files.readAllBytes(file);
    assertThat(new String(bytes, 10, 118, StandardCharsets.US_ASCII))
        .startsWith(
            "{'descr': '%s', 'fortran_order': False, 'shape': (3, %s), }".formatted(type, numbers));
    return Arrays.copyOfRange(bytes, 128, bytes.length);
  }

  @Test
  void shortenedVectorsHaveLengthOneAgain() {
    assertThat(embed("the fox")).isZero();
    float[] whole = vectors().get(0);

    assertThat(embed("the fox", "--dimensions", "4")).isZero();

    float[] vector = vectors().get(0);
    double length =
        Math.sqrt(
            whole[0] * whole[0] + whole[1] * whole[1] + whole[2] * whole[2] + whole[3] * whole[3]);
    assertThat(vector).hasSize(4);
    for (int i = 0; i < 4; i++) {
      assertThat((double) vector[i]).isCloseTo(whole[i] / length, within(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--output-dtype int8                  | --write-ranges",
        "--output-dtype int4                  | --output-dtype is one of float32|float16|int8|binary|ubinary",
        "--ranges x.npy                       | --ranges goes with --output-dtype int8",
        "--dimensions 5                       | trained for vectors of 4, 8 dimensions, not of 5",
        "--dimensions 1536                    | gives vectors of 8 dimensions, but 1536 were requested",
        "--dimensions some                    | --dimensions is a whole number",
        "--input-format parquet               | --input-format is one of auto|text|jsonl|json",
      })
  void optionsThatMakeNoSenseAreRefused(String arguments, String reason) {
    assertThat(embed("fox", arguments.strip().split(" ", -1))).isEqualTo(ExitCode.USAGE);
    assertThat(err()).hasLineCount(1).contains(reason);
  }

  @Test
  void rangesOfOtherVectorsAreRefused() throws Exception {
    Path ranges = folder.resolve("ranges.npy");
    assertThat(embed("fox\nthe\n", "--write-ranges", ranges.toString())).isZero();

    assertThat(
            embed(
                "fox",
                "--output-dtype",
                "int8",
                "--dimensions",
                "4",
                "--ranges",
                ranges.toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("the ranges of 8 elements", "have 4");

    Files.writeString(ranges, "no array");
    assertThat(embed("fox", "--output-dtype", "int8", "--ranges", ranges.toString()))
        .isEqualTo(ExitCode.FAILED);
    assertThat(err()).contains("ranges.npy is not a file of int8 ranges");
    assertThat(embed("", "--write-ranges", folder.resolve("none.npy").toString()))
        .isEqualTo(ExitCode.USAGE);
    assertThat(folder.resolve("none.npy")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[{\"text\":\"the fox\"},{\"text\":\"the\"}]",
        "\uFEFF [\n  {\n    \"id\": null, \"text\": \"the fox\"\n  },\n  {\"text\": \"the\", \"type\": \"document\"}\n]\n",
        "{\"text\":\"the fox\"}\n{\"text\":\"the\"}\n",
        "[\"the fox\", \"the\"]"
      })
  void aJsonFileIsReadAsWhatItIs(String content) throws Exception {
    assertThat(embed("the fox\nthe\n")).isZero();
    byte[] expected = out.toByteArray();
    Path file = Files.writeString(folder.resolve("texts.json"), content);

    assertThat(embed("", file.toString())).isZero();

    assertThat(out.toByteArray()).isEqualTo(expected);
    if (content.contains("{")) {
      assertThat(embed(content)).isZero();
      assertThat(out.toByteArray()).isEqualTo(expected);
    }
  }

  @Test
  void linesThatBeginWithABracketAreTexts() {
    assertThat(embed("[1] the fox\n[]\n")).isZero();
    assertThat(lines()).hasSize(2);
  }

  @Test
  void badItemsOfAnArrayAreNamedAndCanBeSkipped() {
    String array =
        "[{\"id\":\"a\",\"text\":\"fox\"},7,{\"txt\":\"fox\"},{\"text\":\"fox\",\"text\":\"x\"},\"the\"]";

    assertThat(embed(array, "--input-format", "json")).isEqualTo(ExitCode.FAILED);
    assertThat(err()).contains("standard input, item 2: neither an object nor a string");
    assertThat(lines()).hasSize(1);

    assertThat(embed(array, "--keep-going")).isEqualTo(ExitCode.FAILED);
    assertThat(lines()).extracting(line -> line.get("id").getAsString()).containsExactly("a", "5");
    assertThat(err())
        .contains("item 3: the object has no \"text\"", "item 4: \"text\" is given twice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{\"text\":\"fox\"} {\"text\":\"secret\"}]   | item 1: not JSON: see character",
        "[{\"text\":\"fox\"},{\"text\":\"secret       | item 2: not JSON: see character",
        "[{\"text\":\"fox\"},{\"text\":\"\\ud800\"}]  | item 2: a string has half of a surrogate pair",
        "[{\"text\":\"fox\"}] [\"secret\"]              | item 1: not JSON: see character",
        "{\"text\":\"secret\"}                        | at its beginning: not a JSON array",
        "'[{\"text\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[' | item 1: it is nested deeper than 32 levels",
      })
  void aBrokenArrayEndsTheRunWithTheTrueReason(String array, String reason) {
    assertThat(embed(array, "--input-format", "json", "--keep-going")).isEqualTo(ExitCode.FAILED);

    assertThat(err()).contains("standard input, " + reason).doesNotContain("secret");
    assertThat(lines().size()).isLessThanOrEqualTo(1);
  }

  @Test
  void aTableIsRefusedWithTheRemedy() throws Exception {
    Path file = Files.writeString(folder.resolve("Texts.CSV"), "id,text\n1,fox\n");

    assertThat(embed("", file.toString())).isEqualTo(ExitCode.USAGE);
    assertThat(err()).contains("Texts.CSV is a table", "JSON Lines", "--input-format text");

    assertThat(embed("", "--input-format", "text", file.toString())).isZero();
    assertThat(lines()).hasSize(2);
  }

  @Test
  void wordsOfTheServerAreKnown() {
    assertThat(
            embed(
                """
                {"id":null,"text":"the fox","type":"document","other":[{"text":1}]}
                {"id":1e3,"text":"the fox","type":null}
                """))
        .isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("{\"id\":1,", "{\"id\":1e3,");
    assertThat(vectors().get(0)).isEqualTo(vectors().get(1));
  }
}
