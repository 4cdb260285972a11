package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.report.Digits;
import io.github.neuronembed.cli.bench.report.Page;
import io.github.neuronembed.cli.bench.report.Pictures;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** A comparison as a page, the two runs side by side. */
final class ComparisonPage {

  private ComparisonPage() {}

  static void write(Comparison comparison, Run before, Run after, Appendable out)
      throws IOException {
    Page page = new Page(before.subject().modelName() + ": two runs side by side");
    if (before.emulated() || after.emulated()) {
      page.paragraph("warning", "Emulated: this page says nothing about a real device.");
    }
    page.paragraph(
            "lead", "Before: %s, %s.".formatted(before.start().withNano(0), before.backend()))
        .paragraph("lead", "After: %s, %s.".formatted(after.start().withNano(0), after.backend()));
    comparison.outcome().forEach(line -> page.paragraph("lead", line + "."));
    page.picture(
        new Page.Picture(
            "pairs",
            "Throughput before and after, rows/s",
            "Two bars for each cell. %s".formatted(comparison.outcome().get(0))));
    table(comparison, page);
    page.picture(
            new Page.Picture(
                "latency",
                "Latency by percentile, ms",
                "A line for each cell of each run; the figures are in the table."))
        .picture(
            new Page.Picture(
                "timeline",
                "Throughput over the time of the runs, as a part of its mean",
                "A line for each cell of each run."));
    page.heading("Differences between their environments").facts(differences(before, after));
    page.data("runs", Pictures.runs(List.of(before, after))).write(out);
  }

  private static void table(Comparison comparison, Page page) {
    List<Page.Line> lines = new ArrayList<>();
    for (Comparison.Pair pair : comparison.cells()) {
      if (pair.remark() != null) {
        lines.add(
            new Page.Line(
                pair.failedNow() ? "worse" : "",
                List.of(pair.name(), "", "", "", "", pair.remark())));
      }
      for (Comparison.Change change : pair.changes()) {
        lines.add(
            new Page.Line(
                change.verdict() == Verdict.REGRESSION ? "worse" : "",
                List.of(
                    pair.name(),
                    change.metric().title(),
                    Digits.number(change.before()),
                    Digits.number(change.after()),
                    change.range(),
                    change.word())));
      }
    }
    page.table(
        "The changes of each cell",
        List.of("cell", "figure", "before", "after", "change, interval of 95 %", "verdict"),
        lines);
  }

  private static Map<String, String> differences(Run before, Run after) {
    Map<String, String> facts = new LinkedHashMap<>();
    TreeSet<String> names = new TreeSet<>(before.environment().keySet());
    names.addAll(after.environment().keySet());
    for (String name : names) {
      String first = before.environment().getOrDefault(name, "–");
      String second = after.environment().getOrDefault(name, "–");
      if (!first.equals(second)) {
        facts.put(name, "%s → %s".formatted(first, second));
      }
    }
    if (facts.isEmpty()) {
      facts.put("nowhere", "both runs name the same machine and versions");
    }
    return facts;
  }
}
