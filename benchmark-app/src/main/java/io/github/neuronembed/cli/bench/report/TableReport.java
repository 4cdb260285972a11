package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The cells as a table for a terminal, with a mark on every line of an emulation. */
public final class TableReport {

  private TableReport() {}

  public static void write(Run run, Appendable out) throws IOException {
    String label = run.emulated() ? "EMULATED, says nothing about a real device: " : "";
    out.append(
        "%s%s (%s) on %s%n"
            .formatted(label, run.subject().modelName(), run.deviceType(), run.backend()));
    out.append(
        "%s, through %s; %s%s%n"
            .formatted(
                run.load().scenario(),
                run.subject().through(),
                run.load().inputs(),
                run.load().isOpen() ? "; open loop: latency counts from arrival" : ""));
    CellTable table = CellTable.of(run);
    lines(table, out);
    for (CellTable.Column column : table.columns()) {
      if (column.figure() && !column.meaning().isEmpty()) {
        out.append(column.heading()).append(" = ").append(column.meaning()).append('\n');
      }
    }
    if (run.origin() != null) {
      out.append("published = rows/s of ").append(run.origin().origin()).append('\n');
    }
    for (String note : run.notes()) {
      out.append(note).append('\n');
    }
    for (CellResult result : run.cells()) {
      out.append('\n').append(Details.name(run, result.cell())).append('\n');
      for (String line : Details.of(run, result)) {
        out.append("  ").append(line).append('\n');
      }
    }
  }

  private static void lines(CellTable table, Appendable out) throws IOException {
    List<List<String>> lines = new ArrayList<>();
    lines.add(table.columns().stream().map(CellTable.Column::heading).toList());
    table.lines().forEach(line -> lines.add(line.values()));
    int[] widths = new int[table.columns().size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (int number = 0; number < lines.size(); number++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String value = lines.get(number).get(i);
        text.append(" ".repeat(widths[i] - value.length())).append(value).append("  ");
      }
      text.append(number == 0 ? "" : table.lines().get(number - 1).end());
      out.append(text.toString().stripTrailing()).append('\n');
    }
  }
}
