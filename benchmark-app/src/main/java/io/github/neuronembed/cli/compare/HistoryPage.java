package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.report.Digits;
import io.github.neuronembed.cli.bench.report.Page;
import io.github.neuronembed.cli.bench.report.Pictures;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Several runs over time as a page. */
final class HistoryPage {

  private HistoryPage() {}

  /**
   * Writes it.
   *
   * @param files the runs, the oldest first; at least one
   */
  static void write(List<RunFile> files, Appendable out) throws IOException {
    List<Run> runs = files.stream().map(RunFile::run).toList();
    Set<String> names = new LinkedHashSet<>();
    files.forEach(file -> names.addAll(file.cells().keySet()));
    Page page = new Page(runs.get(0).subject().modelName() + ": history of benchmark runs");
    if (runs.stream().anyMatch(Run::emulated)) {
      page.paragraph(
          "warning", "Some of these runs are emulated: they say nothing about a real device.");
    }
    String what =
        "%s runs, %s to %s UTC, of %s cells."
            .formatted(
                runs.size(),
                runs.get(0).start().withNano(0),
                runs.get(runs.size() - 1).start().withNano(0),
                names.size());
    page.paragraph("lead", what)
        .picture(
            new Page.Picture(
                "history", "Throughput of each run, rows/s", "A line for each cell of " + what))
        .picture(
            new Page.Picture(
                "history-p99", "p99 of each run, ms", "A line for each cell of " + what));
    List<Page.Line> lines = new ArrayList<>();
    for (String name : names) {
      for (RunFile file : files) {
        CellResult result = file.cells().get(name);
        if (result != null) {
          lines.add(line(name, file.run(), result));
        }
      }
    }
    page.table(
            "The figures of each run",
            List.of("cell", "run began", "version", "rows/s", "p50 ms", "p99 ms", "$/1M"),
            lines)
        .data("runs", Pictures.runs(runs))
        .write(out);
  }

  private static Page.Line line(String name, Run run, CellResult result) {
    Figures figures = result.figures();
    String version = run.environment().getOrDefault("version", Digits.MISSING);
    String began = run.start().withNano(0).toString().replace('T', ' ');
    return figures == null
        ? new Page.Line(
            "failed",
            List.of(name + "; failed: " + result.failure(), began, version, "", "", "", ""))
        : new Page.Line(
            "",
            List.of(
                name,
                began,
                version,
                Digits.number(figures.throughput().withStalls()),
                Digits.number(figures.latency().p50().millis()),
                Digits.number(figures.latency().p99().millis()),
                Digits.number(figures.cost().withStalls())));
  }
}
