package io.github.neuronembed.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.cli.embed.TextReaderFuzz;
import io.github.neuronembed.cli.serve.RequestBodyFuzz;
import io.github.neuronembed.model.ManifestFuzz;
import io.github.neuronembed.model.NeffFileFuzz;
import io.github.neuronembed.tokenizer.TokenizerFuzz;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every file of the corpus, what was found once among them, through its target. */
class CorpusTest {

  private interface Target {
    void run(byte[] data) throws Exception;
  }

  private static final Map<String, Target> TARGETS =
      Map.of(
          "text-reader", TextReaderFuzz::fuzzerTestOneInput,
          "request-body", RequestBodyFuzz::fuzzerTestOneInput,
          "manifest", ManifestFuzz::fuzzerTestOneInput,
          "neff", NeffFileFuzz::fuzzerTestOneInput,
          "tokenizer", TokenizerFuzz::fuzzerTestOneInput);

  @TestFactory
  Stream<DynamicTest> corpus() {
    return TARGETS.entrySet().stream()
        .flatMap(
            target ->
                files(target.getKey()).stream()
                    .map(
                        file ->
                            DynamicTest.dynamicTest(
                                target.getKey() + "/" + file.getFileName(),
                                () -> target.getValue().run(Files.readAllBytes(file)))));
  }

  private static List<Path> files(String target) {
    try (Stream<Path> files = Files.list(Path.of("corpus", target))) {
      List<Path> all = files.sorted().toList();
      assertThat(all).as(target).isNotEmpty();
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
