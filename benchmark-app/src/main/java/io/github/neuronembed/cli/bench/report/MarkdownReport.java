package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A run as Markdown, for a pull request or a page. */
public final class MarkdownReport {

  private MarkdownReport() {}

  public static void write(Run run, Appendable out) throws IOException {
    out.append("# %s on %s\n\n".formatted(text(run.subject().modelName()), text(run.backend())));
    if (run.emulated()) {
      out.append("**Emulated: this report says nothing about a real device.**\n\n");
    }
    out.append(
        "%s, through %s; %s; precision %s; %s to %s UTC.\n\n"
            .formatted(
                text(run.load().scenario()),
                run.subject().through(),
                text(run.load().inputs()),
                run.subject().precision(),
                run.start().withNano(0),
                run.stop().withNano(0)));
    CellTable table = CellTable.of(run);
    table(run, table, out);
    out.append('\n');
    for (CellTable.Column column : table.columns()) {
      if (column.figure() && !column.meaning().isEmpty()) {
        out.append("- %s: %s\n".formatted(text(column.heading()), text(column.meaning())));
      }
    }
    if (run.origin() != null) {
      out.append("- published: %s\n".formatted(text(run.origin().origin())));
    }
    for (String note : run.notes()) {
      out.append("- ").append(text(note)).append('\n');
    }
    out.append("\n## Cells\n");
    for (CellResult result : run.cells()) {
      out.append("\n### ").append(text(Details.name(run, result.cell()))).append("\n\n");
      for (String line : Details.of(run, result)) {
        out.append("- ").append(text(line)).append('\n');
      }
    }
    out.append("\n## Where it ran\n\n| | |\n|---|---|\n");
    row(out, List.of("model file", run.subject().modelFile()));
    row(out, List.of("device", run.deviceType()));
    for (Map.Entry<String, String> fact : run.environment().entrySet()) {
      row(out, List.of(fact.getKey(), fact.getValue()));
    }
  }

  private static void table(Run run, CellTable table, Appendable out) throws IOException {
    List<String> header = new ArrayList<>(List.of("cell"));
    table.columns().forEach(column -> header.add(column.heading()));
    row(out, header);
    out.append("|---|").append("---:|".repeat(header.size() - 1)).append('\n');
    for (CellTable.Line line : table.lines()) {
      List<String> values = new ArrayList<>();
      String failure = line.result().failure();
      values.add(
          Details.name(run, line.result().cell())
              + (failure == null ? "" : "; failed: " + failure));
      values.addAll(line.values());
      row(out, values);
    }
  }

  private static void row(Appendable out, List<String> cells) throws IOException {
    out.append('|');
    for (String cell : cells) {
      out.append(' ').append(text(cell)).append(" |");
    }
    out.append('\n');
  }

  /** Escapes plain text, so that Markdown does not read it as markup. */
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
