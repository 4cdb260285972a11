package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A run as Markdown, for a pull request or a page. */
final class MarkdownReport {

  private MarkdownReport() {}

  static void write(BenchRun run, Appendable out) throws IOException {
    out.append("# %s on %s\n\n".formatted(text(run.modelName()), text(run.backend())));
    if (run.emulated()) {
      out.append("**Emulated: nothing here says anything about a device.**\n\n");
    }
    out.append(
        "%s, through %s; %s; precision %s; %s to %s UTC.\n\n"
            .formatted(
                text(run.scenario().title()),
                run.subject().through(),
                text(run.inputs()),
                run.subject().precision(),
                run.start().withNano(0),
                run.stop().withNano(0)));
    table(run, out);
    out.append(
        "\nrows/s: rows by the time they took, stalls included. p99 with ?: too few calls for");
    out.append(" it. Cosine: least to the model in fp32, a row at a time.\n\n");
    for (String note : run.notes()) {
      out.append("- ").append(text(note)).append('\n');
    }
    out.append("\n## Cells\n");
    for (CellResult result : run.results()) {
      out.append("\n### ").append(text(Details.name(run, result.cell()))).append("\n\n");
      for (String line : Details.of(run, result)) {
        out.append("- ").append(text(line)).append('\n');
      }
    }
    out.append("\n## Where it ran\n\n| | |\n|---|---|\n");
    row(out, List.of("model file", run.modelFile()));
    row(out, List.of("device", run.deviceType()));
    for (Map.Entry<String, String> fact : run.environment().entrySet()) {
      row(out, List.of(fact.getKey(), fact.getValue()));
    }
  }

  private static void table(BenchRun run, Appendable out) throws IOException {
    List<String> header =
        new ArrayList<>(
            List.of("cell", "rows/s", "95 %", "p50 ms", "p99 ms", "tokens/s", "padding", "CPU"));
    header.addAll(List.of("cosine", "$/1M"));
    if (run.chip() != null) {
      header.add("utilisation");
    }
    if (run.preset() != null) {
      header.addAll(List.of("published", "ratio"));
    }
    row(out, header);
    out.append("|---|").append("---:|".repeat(header.size() - 1)).append('\n');
    for (CellResult result : run.results()) {
      List<String> line = new ArrayList<>();
      line.add(Details.name(run, result.cell()));
      NeuronPerfRules rules = result.rules();
      if (rules == null) {
        line.add("failed: " + result.failure());
      } else {
        line.add(Html.number(result.rowsPerSecond()));
        line.add(Html.interval(result.throughputInterval()));
        line.add(Html.number(rules.latencyMillis()[1]));
        line.add(
            Html.number(rules.latencyMillis()[4])
                + (CellResult.isSupported(99, rules.calls()) ? "" : "?"));
        line.add(Html.number(result.tokensPerSecond()));
        line.add(percent(result.stages().paddingRatio()));
        line.add(percent(result.use().cpuPercent() / 100));
        line.add(result.quality().skipped() == null ? CsvReport.cosine(result.quality()) : "–");
        line.add(Html.number(run.costPerMillion(result)));
        if (run.chip() != null) {
          line.add(percent(run.utilisation(result)));
        }
        if (run.preset() != null) {
          Preset.Published published = run.published(result.cell());
          line.add(Html.number(published == null ? Double.NaN : published.throughput()));
          line.add(Html.number(run.ratioToPublished(result)));
        }
      }
      while (line.size() < header.size()) {
        line.add("");
      }
      row(out, line);
    }
  }

  private static String percent(double part) {
    return Double.isFinite(part) ? String.format(Locale.ROOT, "%.1f %%", 100 * part) : "–";
  }

  private static void row(Appendable out, List<String> cells) throws IOException {
    out.append('|');
    for (String cell : cells) {
      out.append(' ').append(text(cell)).append(" |");
    }
    out.append('\n');
  }

  /** Text is no markup. */
  private static String text(String plain) {
    return plain
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("|", "\\|")
        .replace("*", "\\*")
        .replace("_", "\\_")
        .replace("\r", " ")
        .replace("\n", " ");
  }
}
