package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A run as a page: first the measured figures beside the published ones, then the table, pictures
 * and details.
 */
public final class HtmlReport {

  private HtmlReport() {}

  public static void write(Run run, Appendable out) throws IOException {
    Page page = new Page(run.subject().modelName() + " on " + run.backend());
    if (run.emulated()) {
      page.paragraph("warning", "Emulated: this page says nothing about a real device.");
    }
    page.facts(about(run));
    List<Page.Picture> pictures = Pictures.of(run);
    List<Page.Picture> first = pictures.stream().filter(Pictures::isFirst).toList();
    first.forEach(page::picture);
    if (run.origin() != null) {
      page.paragraph("note", "Published: " + run.origin().origin() + ".");
    }
    table(run, page);
    pictures.stream().filter(picture -> !first.contains(picture)).forEach(page::picture);
    page.heading("Cells");
    int number = 0;
    for (CellResult result : run.cells()) {
      number++;
      page.list(
          number + ": " + Details.name(run, result.cell()),
          Details.of(run, result),
          result.remarks());
    }
    page.heading("Where it ran").facts(facts(run));
    page.data("runs", Pictures.runs(List.of(run))).write(out);
  }

  private static void table(Run run, Page page) {
    CellTable table = CellTable.of(run);
    List<String> headings = new ArrayList<>(List.of("cell"));
    table.columns().forEach(column -> headings.add(column.heading()));
    List<Page.Line> lines = new ArrayList<>();
    for (CellTable.Line line : table.lines()) {
      String failure = line.result().failure();
      List<String> values = new ArrayList<>();
      values.add(
          "%s: %s%s"
              .formatted(
                  lines.size() + 1,
                  Details.name(run, line.result().cell()),
                  failure == null ? "" : "; failed: " + failure));
      values.addAll(line.values());
      lines.add(new Page.Line(failure == null ? "" : "failed", values));
    }
    page.table("The figures of each cell", headings, lines);
    Map<String, String> meanings = new LinkedHashMap<>();
    meanings.put("cell", "rows of a call × tokens of a row, replicas, callers of each replica");
    for (CellTable.Column column : table.columns()) {
      if (column.figure() && !column.meaning().isEmpty()) {
        meanings.put(column.heading(), column.meaning());
      }
    }
    page.facts(meanings);
    run.notes().forEach(note -> page.paragraph("note", note));
  }

  /** What was measured, and how, in words for readers who did not start the run. */
  private static Map<String, String> about(Run run) {
    String scenario = run.load().scenario();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "load",
        scenario.equals("closed")
            ? "closed loop: a worker calls again as soon as it is free"
            : scenario);
    facts.put(
        "workers call",
        run.subject().through().equals("engine")
            ? "the engine, which queues, batches and routes"
            : "a slot of their own, as NeuronPerf's workers do");
    facts.put("inputs", run.load().inputs());
    facts.put(
        "precision",
        run.subject().isComputed() ? run.subject().precision() : "nothing was computed");
    facts.put(
        "measured",
        "%s %s to %s UTC, %s s for each cell"
            .formatted(
                run.start().toLocalDate(),
                run.start().toLocalTime().withNano(0),
                run.stop().toLocalTime().withNano(0),
                ThreePlaces.text(run.durationSeconds())));
    return facts;
  }

  private static Map<String, String> facts(Run run) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model file", run.subject().modelFile());
    facts.put("device", run.deviceType());
    if (run.instanceType() != null) {
      facts.put("instance", run.instanceType());
    }
    facts.putAll(run.environment());
    return facts;
  }
}
