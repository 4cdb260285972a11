package io.github.neuronembed.cli.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Run;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was written is read, whichever version wrote it. */
class RunReaderTest {

  @TempDir Path folder;

  private static String json(Run run) {
    StringBuilder text = new StringBuilder();
    JsonReport.write(run, text);
    return text.toString();
  }

  private Run read(String json) throws Exception {
    return RunReader.read(Files.writeString(folder.resolve("run.json"), json));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsReadIsWrittenAsItWas(boolean emulated) throws Exception {
    Preset preset = Preset.named("inf2-bge-base");
    Cell published = new Cell(new Shape(1, 256), 2, 1);
    String json =
        json(
            MadeRun.run(
                emulated,
                preset,
                MadeRun.cell(1, 5),
                MadeRun.failedCell(),
                MadeRun.result(published, MadeRun.timers(3, 5, 1), 250, preset),
                MadeRun.packedCell()));

    Run read = read(json);

    assertThat(json(read)).isEqualTo(json);
    for (Rendered rendered :
        new Rendered[] {
          CsvReport::write, TableReport::write, MarkdownReport::write, HtmlReport::write
        }) {
      StringBuilder text = new StringBuilder();
      rendered.write(read, text);
      assertThat(text.toString()).contains(read.subject().modelName());
    }
  }

  private interface Rendered {
    void write(Run run, Appendable out) throws Exception;
  }

  /** Written by the version before {@code planned_cells} and {@code latency_distribution}. */
  @ParameterizedTest
  @ValueSource(strings = {"version-1-closed.json", "version-1-max-rate.json"})
  void anOldFileIsRead(String name) throws Exception {
    Path file = Path.of(Objects.requireNonNull(RunReaderTest.class.getResource(name)).toURI());

    Run run = RunReader.read(file);

    assertThat(run.cells()).isNotEmpty();
    Figures figures = MadeRun.figures(run.cells().get(0));
    assertThat(figures.throughput().withStalls()).isPositive();
    assertThat(figures.latency().meanOfCalls()).isEqualTo(figures.latency().meanOfWorkerMeans());
    assertThat(figures.latency().distribution()).isEmpty();
    assertThat(run.load().scenario()).startsWith(name.contains("max") ? "max-rate" : "closed");
    assertThat(run.cells().get(0).steps().isEmpty()).isEqualTo(!name.contains("max"));
    StringBuilder page = new StringBuilder();
    HtmlReport.write(run, page);
    assertThat(page).contains("Throughput against latency");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"a\": 1}", "[]", "[{}]", "[1]", "null"})
  void whatIsNoRunIsRefusedInASentence(String json) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("run.json");
  }
}
