package io.github.neuronembed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.SmallModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RerankCommandTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @BeforeEach
  void writeModel() {
    SmallModel.XLM_ROBERTA_RERANKER.writeTo(folder.resolve("pairs"));
  }

  private int rerank(String input, String... arguments) {
    out.reset();
    err.reset();
    List<String> all =
        new ArrayList<>(List.of("rerank", "--model", folder.resolve("pairs").toString()));
    all.addAll(List.of(arguments));
    return NeuronEmbed.run(
        all.toArray(String[]::new),
        new Streams(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            out,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false));
  }

  private List<JsonObject> lines() {
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> new Gson().fromJson(line, JsonObject.class))
        .toList();
  }

  /** Those that fit into a line. */
  private static List<String> goldenTexts() {
    return SmallModel.XLM_ROBERTA_RERANKER.golden().stream()
        .map(SmallModel.Golden::text)
        .filter(text -> !text.isEmpty() && text.chars().allMatch(c -> c >= ' '))
        .toList();
  }

  @Test
  void textsAreOrderedByTheirScores() throws Exception {
    List<String> texts = goldenTexts();
    Path file = Files.write(folder.resolve("texts.txt"), texts);

    assertThat(rerank("", "--query", "how do tides work", file.toString())).isEqualTo(0);
    List<JsonObject> all = lines();
    assertThat(all).hasSameSizeAs(texts);
    assertThat(all.get(0).keySet()).containsExactly("id", "score");
    assertThat(all.stream().map(line -> -line.get("score").getAsDouble()).toList()).isSorted();
    assertThat(all)
        .allSatisfy(line -> assertThat(line.get("score").getAsFloat()).isBetween(0f, 1f));

    assertThat(
            rerank(
                String.join("\n", texts),
                "--query",
                "how do tides work",
                "--top-n",
                "3",
                "--raw-scores",
                "--return-text"))
        .isEqualTo(0);
    assertThat(lines()).hasSize(3);
    for (int i = 0; i < 3; i++) {
      assertThat(lines().get(i).get("id")).isEqualTo(all.get(i).get("id"));
      assertThat(texts).contains(lines().get(i).get("text").getAsString());
    }
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("pairs on onnxruntime");
  }

  @Test
  @NeedsNativeCore
  void theEmulatorOrdersTheTextsAlike() throws Exception {
    Path file = Files.write(folder.resolve("texts.txt"), goldenTexts());

    assertThat(rerank("", "--query", "how do tides work", file.toString())).isEqualTo(0);
    List<JsonObject> onnx = lines();
    assertThat(rerank("", "--query", "how do tides work", "--backend", "emulator", file.toString()))
        .isEqualTo(0);

    assertThat(lines()).hasSameSizeAs(onnx);
    assertThat(lines().get(0).get("id")).isEqualTo(onnx.get(0).get("id"));
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("emulated");
  }

  @Test
  void aBackendWithoutCrossEncodersIsRefused() {
    assertThat(rerank("a box", "--query", "how do tides work", "--backend", "cpu"))
        .isEqualTo(ExitCode.FAILED);
  }

  @ParameterizedTest
  @CsvSource({
    "--top-n, 3, --query is missing",
    "--input-format, csv, --input-format is one of",
  })
  void wrongUsageIsSaid(String option, String value, String message) {
    assertThat(rerank("a", option, value)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains(message);
  }

  @Test
  void aCountThatIsNoneIsSaid() {
    assertThat(rerank("a", "--query", "b", "--top-n", "0")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("--top-n is a positive number");
  }

  @Test
  void aTextThatIsTooLongIsRefusedWhereItMustNotBeCut() {
    assertThat(rerank("word ".repeat(1000), "--query", "a", "--strict")).isEqualTo(ExitCode.FAILED);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("Text 0 has", "the model takes 512");
  }
}
