package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The cells as a table for a terminal, every line of an emulation marked as one. */
final class TableReport {

  private static final List<String> HEADER =
      List.of(
          "batch",
          "length",
          "models",
          "workers",
          "rows/s",
          "rows/s*",
          "±%",
          "p50 ms",
          "p99 ms",
          "calls",
          "$/1M",
          "published",
          "ratio",
          "");

  /** Positions of the two columns that only a preset fills. */
  private static final int PUBLISHED = 11;

  private static final int RATIO = 12;

  private TableReport() {}

  static void write(BenchRun run, Appendable out) throws IOException {
    String label = run.emulated() ? "EMULATED, says nothing about a device: " : "";
    out.append(
        "%s%s (%s) on %s%n".formatted(label, run.modelName(), run.deviceType(), run.backend()));
    if (run.scenario().isOpen()) {
      out.append("open loop, %s: latency counts from arrival%n".formatted(run.scenario().title()));
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADER);
    boolean marked = false;
    for (CellResult result : run.results()) {
      NeuronPerfRules rules = result.rules();
      marked |= rules != null && !CellResult.isSupported(99, rules.calls());
      lines.add(line(run, result));
    }
    int[] widths = new int[HEADER.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        if (run.preset() == null && (i == PUBLISHED || i == RATIO)) {
          continue;
        }
        boolean last = i == widths.length - 1;
        text.append(last ? line.get(i) : ("%" + widths[i] + "s  ").formatted(line.get(i)));
      }
      out.append(text.toString().stripTrailing()).append('\n');
    }
    out.append("rows/s by NeuronPerf's rule\n");
    out.append("rows/s* = rows by the time they took, stalls included\n");
    out.append("±% = half of its confidence interval of 95 %\n");
    if (marked) {
      out.append("? too few calls for this percentile (64 for p90, 662 for p99)\n");
    }
    if (run.price() != null) {
      out.append(
          "$/1M at $%s per hour: %s%n"
              .formatted(run.price().dollarsPerHour(), run.price().basis()));
    }
    if (run.preset() != null) {
      out.append("published = rows/s of %s%n".formatted(run.preset().origin()));
      out.append("ratio = rows/s* to published\n");
    }
  }

  private static List<String> line(BenchRun run, CellResult result) {
    Cell cell = result.cell();
    NeuronPerfRules rules = result.rules();
    List<String> line = new ArrayList<>();
    line.add("" + cell.shape().batchSize());
    line.add("" + cell.shape().sequenceLength());
    line.add("" + cell.models());
    line.add("" + cell.workersPerModel());
    if (rules == null) {
      line.addAll(List.of("", "", "", "", "", "", ""));
      line.add(published(run, cell));
      line.add("");
      line.add((run.emulated() ? "emulated, " : "") + "failed: " + result.failure());
      return line;
    }
    line.add(CsvReport.number(rules.throughputAverage()));
    line.add(CsvReport.number(result.rowsPerSecond()));
    line.add(uncertainty(result));
    line.add(CsvReport.number(rules.latencyMillis()[1]));
    line.add(
        CsvReport.number(rules.latencyMillis()[4])
            + (CellResult.isSupported(99, rules.calls()) ? "" : "?"));
    line.add("" + rules.calls());
    line.add(
        run.price() == null
            ? "N/A"
            : CsvReport.number(rules.costPerMillion(run.price().dollarsPerHour())));
    line.add(published(run, cell));
    line.add(run.preset() == null ? "" : CsvReport.number(run.ratioToPublished(result)));
    line.add(run.emulated() ? "emulated" : "");
    return line;
  }

  private static String uncertainty(CellResult result) {
    Interval interval = result.throughputInterval();
    return interval.isKnown()
        ? "%.1f"
            .formatted(50 * (interval.high() - interval.low()) / result.rowsPerSecond())
            .replace(',', '.')
        : "N/A";
  }

  private static String published(BenchRun run, Cell cell) {
    Preset.Published published = run.published(cell);
    return published == null ? "" : CsvReport.number(published.throughput());
  }
}
