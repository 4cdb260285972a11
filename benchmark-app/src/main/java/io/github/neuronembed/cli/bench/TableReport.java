package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/** The cells as a table for a terminal, every line of an emulation marked as one. */
final class TableReport {

  private static final List<String> HEADER =
      List.of(
          "batch",
          "length",
          "models",
          "workers",
          "slots",
          "input",
          "rows/s",
          "rows/s*",
          "±%",
          "p50 ms",
          "p99 ms",
          "calls",
          "tokens/s",
          "pad %",
          "cpu %",
          "cosine",
          "$/1M",
          "use %",
          "published",
          "ratio",
          "");

  /** Columns that only a preset fills. */
  private static final List<Integer> PRESET =
      List.of(HEADER.indexOf("published"), HEADER.indexOf("ratio"));

  private static final int UTILISATION = HEADER.indexOf("use %");
  private static final int SLOTS = HEADER.indexOf("slots");
  private static final int INPUT = HEADER.indexOf("input");

  private TableReport() {}

  static void write(BenchRun run, Appendable out) throws IOException {
    String label = run.emulated() ? "EMULATED, says nothing about a device: " : "";
    out.append(
        "%s%s (%s) on %s%n".formatted(label, run.modelName(), run.deviceType(), run.backend()));
    out.append(
        "%s, through %s; %s%s%n"
            .formatted(
                run.scenario().title(),
                run.subject().through(),
                run.inputs(),
                run.scenario().isOpen() ? "; open loop: latency counts from arrival" : ""));
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADER);
    boolean marked = false;
    boolean tooShort = false;
    for (CellResult result : run.results()) {
      NeuronPerfRules rules = result.rules();
      marked |= rules != null && !CellResult.isSupported(99, rules.calls());
      tooShort |= rules != null && Double.isNaN(rules.throughputAverage());
      lines.add(line(run, result));
    }
    Set<Integer> hidden = hidden(run);
    int[] widths = new int[HEADER.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        if (hidden.contains(i)) {
          continue;
        }
        boolean last = i == widths.length - 1;
        text.append(last ? line.get(i) : ("%" + widths[i] + "s  ").formatted(line.get(i)));
      }
      out.append(text.toString().stripTrailing()).append('\n');
    }
    out.append("rows/s by NeuronPerf's rule");
    if (tooShort) {
      out.append(
          ", which needs calls that end in three seconds: for N/A there, measure 3 s or longer");
    }
    out.append('\n');
    out.append("rows/s* = rows by the time they took, stalls included; $/1M counts them\n");
    out.append("±% = half of its confidence interval of 95 %\n");
    if (marked) {
      out.append("? too few calls for this percentile (64 for p90, 662 for p99)\n");
    }
    out.append("cosine = least to the model in fp32, a row at a time\n");
    if (run.preset() != null) {
      out.append("published = rows/s of %s%n".formatted(run.preset().origin()));
      out.append("ratio = rows/s* to published\n");
    }
    for (String note : run.notes()) {
      out.append(note).append('\n');
    }
    Details.write(run, out);
  }

  /** Columns that would be empty, or say the same in every line. */
  private static Set<Integer> hidden(BenchRun run) {
    Set<Integer> hidden = new HashSet<>();
    if (run.preset() == null) {
      hidden.addAll(PRESET);
    }
    if (run.chip() == null) {
      hidden.add(UTILISATION);
    }
    List<Cell> cells = run.results().stream().map(CellResult::cell).toList();
    if (cells.stream().map(Cell::slots).distinct().count() < 2) {
      hidden.add(SLOTS);
    }
    if (cells.stream().map(Cell::inputPath).distinct().count() < 2) {
      hidden.add(INPUT);
    }
    return hidden;
  }

  private static List<String> line(BenchRun run, CellResult result) {
    Cell cell = result.cell();
    NeuronPerfRules rules = result.rules();
    List<String> line = new ArrayList<>();
    line.add("" + cell.shape().batchSize());
    line.add("" + cell.shape().sequenceLength());
    line.add("" + cell.models());
    line.add("" + cell.workersPerModel());
    line.add("" + cell.slotsPerModel());
    line.add(Objects.requireNonNullElse(cell.inputPathName(), ""));
    if (rules == null) {
      line.addAll(Collections.nCopies(HEADER.indexOf("published") - line.size(), ""));
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
    line.add(CsvReport.number(result.tokensPerSecond()));
    line.add(percent(result.stages().paddingRatio()));
    line.add(percent(result.use().cpuPercent() / 100));
    line.add(result.quality().skipped() == null ? CsvReport.cosine(result.quality()) : "N/A");
    line.add(CsvReport.number(run.costPerMillion(result)));
    line.add(percent(run.utilisation(result)));
    line.add(published(run, cell));
    line.add(run.preset() == null ? "" : CsvReport.number(run.ratioToPublished(result)));
    line.add(run.emulated() ? "emulated" : "");
    return line;
  }

  private static String percent(double part) {
    return Double.isFinite(part) ? String.format(Locale.ROOT, "%.1f", 100 * part) : "N/A";
  }

  private static String uncertainty(CellResult result) {
    Interval interval = result.throughputInterval();
    return interval.isKnown()
        ? String.format(
                Locale.ROOT,
                "%.1f",
                50 * (interval.high() - interval.low()) / result.rowsPerSecond())
            .replace(',', '.')
        : "N/A";
  }

  private static String published(BenchRun run, Cell cell) {
    Preset.Published published = run.published(cell);
    return published == null ? "" : CsvReport.number(published.throughput());
  }
}
