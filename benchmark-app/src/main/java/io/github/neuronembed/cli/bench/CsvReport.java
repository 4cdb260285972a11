package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/**
 * NeuronPerf's 26 columns in their order, so that spreadsheets made for it work, then ours. What
 * there is no value for is {@code N/A}.
 */
final class CsvReport {

  static final List<String> COLUMNS =
      List.of(
          "model_name",
          "n_models",
          "workers_per_model",
          "pipeline_size",
          "batch_size",
          "throughput_avg",
          "throughput_peak",
          "latency_ms_p0",
          "latency_ms_p50",
          "latency_ms_p90",
          "latency_ms_p95",
          "latency_ms_p99",
          "latency_ms_p100",
          "cpu_avg_percent",
          "cpu_percent_p50",
          "mem_avg_percent",
          "mem_percent_p50",
          "e2e_avg_ms",
          "infer_avg_ms",
          "total_infs",
          "total_s",
          "performance_level",
          "model_filename",
          "device_type",
          "instance_type",
          "cost_per_1m_inf");

  static final List<String> OWN_COLUMNS =
      List.of(
          "sequence_length",
          "throughput_with_stalls",
          "calls",
          "p90_p95_supported",
          "p99_supported",
          "emulated",
          "status",
          "price_basis",
          "published_throughput_avg",
          "published_latency_ms_p50",
          "published_latency_ms_p99",
          "published_cost_per_1m_inf",
          "throughput_to_published",
          "throughput_with_stalls_low",
          "throughput_with_stalls_high",
          "scenario",
          "offered_rate",
          "backend_kind",
          "precision",
          "through",
          "slots",
          "input_path",
          "inputs",
          "tokens_per_second",
          "tokens_per_row",
          "padding_ratio",
          "queue_avg_ms",
          "tokenize_avg_ms",
          "write_avg_ms",
          "execute_avg_ms",
          "read_avg_ms",
          "stalls",
          "stalls_s",
          "peak_resident_megabytes",
          "peak_heap_megabytes",
          "cost_per_1m_with_stalls",
          "utilisation",
          "least_cosine",
          "remarks");

  static final String MISSING = "N/A";

  private CsvReport() {}

  /** Writes a header and a line for each cell. */
  static void write(BenchRun run, Appendable out) throws IOException {
    CSVPrinter printer =
        new CSVPrinter(out, CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get());
    List<String> header = new ArrayList<>(COLUMNS);
    header.addAll(OWN_COLUMNS);
    printer.printRecord(header);
    for (CellResult result : run.results()) {
      printer.printRecord(line(run, result));
    }
  }

  private static List<String> line(BenchRun run, CellResult result) {
    Cell cell = result.cell();
    NeuronPerfRules rules = result.rules();
    String[] latency = new String[NeuronPerfRules.PERCENTILES.length];
    Arrays.fill(latency, MISSING);
    if (rules != null) {
      for (int i = 0; i < latency.length; i++) {
        latency[i] = number(rules.latencyMillis()[i]);
      }
    }
    List<String> line = new ArrayList<>();
    line.add(run.modelName());
    line.add("" + cell.models());
    line.add("" + cell.workersPerModel());
    line.add("1");
    line.add("" + cell.shape().batchSize());
    line.add(rules == null ? MISSING : number(rules.throughputAverage()));
    line.add(rules == null ? MISSING : number(rules.throughputPeak()));
    line.addAll(List.of(latency));
    line.add(number(result.use().cpuPercent()));
    line.add(MISSING);
    line.add(MISSING);
    line.add(MISSING);
    line.add(rules == null ? MISSING : number(rules.latencyMillisAverage()));
    line.add(number(result.stages().inferMillis()));
    line.add(rules == null ? MISSING : "" + rules.rows());
    line.add(number(result.totalSeconds()));
    line.add(MISSING);
    line.add(run.modelFile());
    line.add(run.deviceType());
    line.add(text(run.instanceType()));
    line.add(
        rules == null || run.price() == null
            ? MISSING
            : number(rules.costPerMillion(run.price().dollarsPerHour())));
    line.add("" + cell.shape().sequenceLength());
    line.add(number(result.rowsPerSecond()));
    line.add(rules == null ? MISSING : "" + rules.calls());
    line.add(rules == null ? MISSING : "" + CellResult.isSupported(95, rules.calls()));
    line.add(rules == null ? MISSING : "" + CellResult.isSupported(99, rules.calls()));
    line.add("" + run.emulated());
    line.add(result.failure() == null ? "ok" : "failed: " + result.failure());
    line.add(run.price() == null ? MISSING : run.price().basis());
    Preset.Published published = run.published(cell);
    line.add(published == null ? MISSING : number(published.throughput()));
    line.add(published == null ? MISSING : number(published.latencyMillisP50()));
    line.add(published == null ? MISSING : number(published.latencyMillisP99()));
    line.add(published == null ? MISSING : number(published.costPerMillion()));
    line.add(number(run.ratioToPublished(result)));
    line.add(number(result.throughputInterval().low()));
    line.add(number(result.throughputInterval().high()));
    line.add(run.scenario().title());
    line.add(number(result.offeredRate()));
    line.add(run.subject().backend());
    line.add(run.subject().precision());
    line.add(run.subject().through());
    line.add(cell.slots() == 0 ? MISSING : "" + cell.slots());
    line.add(text(cell.inputPathName()));
    line.add(run.inputs());
    Stages stages = result.stages();
    line.add(number(result.tokensPerSecond()));
    line.add(number(stages.tokensPerRow()));
    line.add(number(stages.paddingRatio()));
    line.add(number(stages.queueMillis()));
    line.add(number(stages.tokenizeMillis()));
    line.add(number(stages.writeMillis()));
    line.add(number(stages.executeMillis()));
    line.add(number(stages.readMillis()));
    line.add(rules == null ? MISSING : "" + result.stalls().count());
    line.add(rules == null ? MISSING : number(result.stalls().totalSeconds()));
    line.add(number(result.use().peakResidentMegabytes()));
    line.add(number(result.use().peakHeapMegabytes()));
    line.add(number(run.costPerMillion(result)));
    line.add(number(run.utilisation(result)));
    line.add(result.quality().skipped() == null ? cosine(result.quality()) : MISSING);
    line.add(String.join(" ", Remarks.of(result)));
    return line;
  }

  /** A cosine's distance from 1 is what counts: six places. */
  static String cosine(Quality quality) {
    return String.format(Locale.ROOT, "%.6f", quality.leastCosine());
  }

  /** A rounded figure, or {@code N/A}. */
  static String number(double value) {
    return Double.isNaN(value) || Double.isInfinite(value)
        ? MISSING
        : String.format(Locale.ROOT, "%s", NeuronPerfRules.round(value));
  }

  private static String text(@Nullable String value) {
    return value == null ? MISSING : value;
  }
}
