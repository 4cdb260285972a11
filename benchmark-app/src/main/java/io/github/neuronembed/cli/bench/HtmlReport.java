package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One page that needs nothing but itself: no network, no script. Readable on a phone, in print and
 * in the dark.
 */
final class HtmlReport {

  /** Of figures, without those that only some runs have. */
  private static final int COLUMNS = 7;

  private HtmlReport() {}

  static void write(BenchRun run, Appendable out) throws IOException {
    String title = Html.text(run.modelName()) + " on " + Html.text(run.backend());
    out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<link rel=\"icon\" href=\"data:,\">")
        .append("<title>" + title + "</title><style>" + style() + "</style></head><body>\n")
        .append("<h1>" + title + "</h1>\n");
    if (run.emulated()) {
      out.append(
          "<p class=\"warning\">Emulated: nothing on this page says anything about a"
              + " device.</p>\n");
    }
    out.append(
        "<p>%s, through %s; %s; precision %s; %s to %s UTC, %s s for each cell.</p>\n"
            .formatted(
                Html.text(run.scenario().title()),
                run.subject().through(),
                Html.text(run.inputs()),
                run.subject().precision(),
                run.start().withNano(0),
                run.stop().withNano(0),
                CsvReport.number(run.durationSeconds())));
    table(run, out);
    charts(run, out);
    details(run, out);
    facts(run, out);
    out.append("</body></html>\n");
  }

  private static void table(BenchRun run, Appendable out) throws IOException {
    out.append("<div class=\"wide\"><table><thead><tr><th>#</th><th>cell</th><th>rows/s</th>")
        .append("<th>95 % interval</th><th>p50 ms</th><th>p99 ms</th><th>tokens/s</th>")
        .append("<th>cosine</th><th>$/1M</th>")
        .append(run.chip() == null ? "" : "<th>utilisation</th>")
        .append(run.preset() == null ? "" : "<th>published</th><th>ratio</th>")
        .append("</tr></thead><tbody>\n");
    boolean marked = false;
    int number = 0;
    for (CellResult result : run.results()) {
      number++;
      NeuronPerfRules rules = result.rules();
      out.append(
          "<tr><td>%s</td><td>%s</td>"
              .formatted(number, Html.text(Details.name(run, result.cell()))));
      if (rules == null) {
        out.append(
            "<td colspan=\"%s\" class=\"failed\">failed: %s</td></tr>\n"
                .formatted(
                    COLUMNS + (run.preset() == null ? 0 : 2) + (run.chip() == null ? 0 : 1),
                    Html.text(Objects.requireNonNull(result.failure()))));
        continue;
      }
      boolean supported = CellResult.isSupported(99, rules.calls());
      marked |= !supported;
      out.append(
          "<td>%s</td><td>%s</td><td>%s</td><td>%s%s</td><td>%s</td><td>%s</td><td>%s</td>"
              .formatted(
                  Html.number(result.rowsPerSecond()),
                  Html.interval(result.throughputInterval()),
                  Html.number(rules.latencyMillis()[1]),
                  Html.number(rules.latencyMillis()[4]),
                  supported ? "" : "?",
                  Html.number(result.tokensPerSecond()),
                  result.quality().skipped() == null ? CsvReport.cosine(result.quality()) : "–",
                  Html.number(run.costPerMillion(result))));
      if (run.chip() != null) {
        out.append("<td>%s</td>".formatted(percent(run.utilisation(result))));
      }
      if (run.preset() != null) {
        Preset.Published published = run.published(result.cell());
        out.append(
            "<td>%s</td><td>%s</td>"
                .formatted(
                    Html.number(published == null ? Double.NaN : published.throughput()),
                    Html.number(run.ratioToPublished(result))));
      }
      out.append("</tr>\n");
    }
    out.append("</tbody></table></div>\n<p class=\"note\">rows/s: rows by the time they took, ");
    out.append("stalls included.");
    if (marked) {
      out.append(" ?: too few calls for this percentile (662 for p99).");
    }
    out.append(" Cosine: least to the model in fp32, a row at a time.");
    for (String note : run.notes()) {
      out.append(' ').append(Html.text(note));
    }
    if (run.preset() != null) {
      out.append(" Published: %s.".formatted(Html.text(run.preset().origin())));
    }
    out.append("</p>\n");
  }

  private static void details(BenchRun run, Appendable out) throws IOException {
    out.append("<section><h2>Cells</h2>\n");
    int number = 0;
    for (CellResult result : run.results()) {
      number++;
      out.append(
          "<h3>%s: %s</h3><ul>\n".formatted(number, Html.text(Details.name(run, result.cell()))));
      List<String> remarks = Remarks.of(result);
      for (String line : Details.of(run, result)) {
        out.append(
            "<li%s>%s</li>\n"
                .formatted(remarks.contains(line) ? " class=\"remark\"" : "", Html.text(line)));
      }
      out.append("</ul>\n");
    }
    out.append("</section>\n");
  }

  private static void charts(BenchRun run, Appendable out) throws IOException {
    List<BarChart.Bar> latency = new ArrayList<>();
    List<BarChart.Bar> cost = new ArrayList<>();
    List<ScatterChart.Point> points = new ArrayList<>();
    int number = 0;
    for (CellResult result : run.results()) {
      number++;
      NeuronPerfRules rules = result.rules();
      if (rules == null || rules.calls() == 0) {
        continue;
      }
      String label = number + ": " + Details.name(run, result.cell());
      double p99 =
          CellResult.isSupported(99, rules.calls()) ? rules.latencyMillis()[4] : Double.NaN;
      latency.add(new BarChart.Bar(label, rules.latencyMillis()[1], p99));
      cost.add(new BarChart.Bar(label, run.costPerMillion(result), Double.NaN));
      points.add(new ScatterChart.Point(number, result.rowsPerSecond(), rules.latencyMillis()[1]));
    }
    if (points.isEmpty()) {
      return;
    }
    chart(out, "Latency: p50 / p99, ms", BarChart.of("latency percentiles by cell", latency));
    chart(
        out,
        "Throughput against latency",
        ScatterChart.of("throughput against latency", "rows/s", "p50, ms", points));
    if (run.price() != null) {
      chart(out, "Cost of a million rows, $", BarChart.of("cost by cell", cost));
    }
    out.append("<section><h2>Timeline: rows/s over the run, from zero</h2>\n");
    number = 0;
    for (CellResult result : run.results()) {
      number++;
      if (result.windows().length > 0) {
        String label = number + ": " + Details.name(run, result.cell());
        out.append(
            "<h3>%s</h3>%s\n".formatted(Html.text(label), LineChart.of(label, result.windows())));
      }
    }
    out.append("</section>\n");
  }

  private static void chart(Appendable out, String title, String svg) throws IOException {
    out.append("<section><h2>%s</h2>\n%s</section>\n".formatted(Html.text(title), svg));
  }

  private static void facts(BenchRun run, Appendable out) throws IOException {
    out.append("<section><h2>Where it ran</h2><dl>\n");
    fact(out, "model file", run.modelFile());
    fact(out, "device", run.deviceType());
    if (run.instanceType() != null) {
      fact(out, "instance", run.instanceType());
    }
    for (Map.Entry<String, String> entry : run.environment().entrySet()) {
      fact(out, entry.getKey(), entry.getValue());
    }
    out.append("</dl></section>\n");
  }

  private static void fact(Appendable out, String name, String value) throws IOException {
    out.append("<dt>%s</dt><dd>%s</dd>\n".formatted(Html.text(name), Html.text(value)));
  }

  private static String percent(double part) {
    return Double.isFinite(part) ? Html.number(100 * part) + " %" : "–";
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
