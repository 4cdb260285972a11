package io.github.neuronembed.backend.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.model.ModelFolder;
import io.github.neuronembed.model.graph.BertShape;
import io.github.neuronembed.model.graph.RandomBertModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a process ends under ONNX Runtime; each in a process of its own. */
class ExitGateTest {

  private static final int EXIT_CODE_OF_THE_PROBE = 7;

  @TempDir private Path folder;

  @Test
  void whatDrainsInAnExitHookIsServedUntilItCloses() throws Exception {
    assertThat(endOf("drain"))
        .containsExactly(
            "numbers before: 8",
            "numbers in the hook: 8",
            "numbers in the hook: 8",
            "numbers in the hook: 8",
            "closed");
  }

  @Test
  void aProcessThatIsBusyEndsAsItWants() throws Exception {
    assertThat(endOf("busy")).contains("numbers before: 8");
  }

  @Test
  void aProcessThatClosesNothingEnds() throws Exception {
    assertThat(endOf("idle")).containsExactly("numbers before: 8");
  }

  /** Two class loaders have a gate each, and each would wait for the other's hook. */
  @Test
  void aProcessWithTwoGatesEnds() throws Exception {
    assertThat(endOf("gates")).contains("numbers before: 8");
  }

  private List<String> endOf(String probe) throws Exception {
    ModelFolder model = ModelFolder.complete(folder.resolve("model"));
    Path onnx = model.path("onnx/model.onnx");
    Files.createDirectories(onnx.getParent());
    RandomBertModel.write(onnx, new BertShape(1, 8, 2, 16, ModelFolder.VOCABULARY, 64), 1);
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                "-cp",
                System.getProperty("java.class.path"),
                ExitProbe.class.getName(),
                probe,
                model.path().toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();

    List<String> lines = Files.readAllLines(output);
    assertThat(ended).as("%s", lines).isTrue();
    assertThat(process.exitValue()).as("%s", lines).isEqualTo(EXIT_CODE_OF_THE_PROBE);
    return lines;
  }
}
