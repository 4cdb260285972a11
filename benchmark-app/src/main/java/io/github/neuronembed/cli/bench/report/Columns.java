package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The named values that files keep of each cell. This class defines each name, for both CSV and
 * JSON. NeuronPerf's columns come first, in their order.
 */
final class Columns {

  /** How many of the columns are NeuronPerf's. */
  static final int NEURON_PERF = 26;

  private enum In {
    BOTH,
    CSV,
    JSON
  }

  /**
   * A column.
   *
   * @param value a text, a number, a truth value, a list or a map; null or NaN if there is none
   */
  record Column(String name, In in, BiFunction<Run, CellResult, @Nullable Object> value) {}

  private static final List<Column> ALL = new ArrayList<>();

  private Columns() {}

  /** The columns of a CSV file. */
  static List<Column> ofCsv() {
    return ALL.stream().filter(column -> column.in() != In.JSON).toList();
  }

  /** The keys of a JSON file. */
  static List<Column> ofJson() {
    return ALL.stream().filter(column -> column.in() != In.CSV).toList();
  }

  private static void add(In in, String name, BiFunction<Run, CellResult, @Nullable Object> value) {
    ALL.add(new Column(name, in, value));
  }

  private static void run(In in, String name, Function<Run, @Nullable Object> value) {
    add(in, name, (run, cell) -> value.apply(run));
  }

  private static void cell(In in, String name, Function<CellResult, @Nullable Object> value) {
    add(in, name, (run, cell) -> value.apply(cell));
  }

  private static void figure(In in, String name, Function<Figures, @Nullable Object> value) {
    add(
        in,
        name,
        (run, cell) -> {
          Figures figures = cell.figures();
          return figures == null ? null : value.apply(figures);
        });
  }

  private static void published(In in, String name, Function<Published, @Nullable Object> value) {
    add(
        in,
        name,
        (run, cell) -> {
          Published published = cell.published();
          return published == null ? null : value.apply(published);
        });
  }

  private static void price(In in, String name, Function<Price, @Nullable Object> value) {
    add(in, name, (run, cell) -> run.price() == null ? null : value.apply(run.price()));
  }

  private static void ends(String name, Function<Figures, Interval> interval) {
    In in = name.startsWith("throughput") ? In.BOTH : In.JSON;
    figure(in, name + "_low", figures -> interval.apply(figures).low());
    figure(in, name + "_high", figures -> interval.apply(figures).high());
  }

  static {
    neuronPerfColumns();
    neuronPerfKeys();
    what();
    figures();
    against();
    cell(In.BOTH, "failure", CellResult::failure);
    cell(In.BOTH, "remarks", CellResult::remarks);
    run(In.JSON, "environment", Run::environment);
  }

  private static void neuronPerfColumns() {
    run(In.BOTH, "model_name", run -> run.subject().modelName());
    cell(In.BOTH, "n_models", result -> result.cell().models());
    cell(In.BOTH, "workers_per_model", result -> result.cell().workersPerModel());
    run(In.BOTH, "pipeline_size", run -> 1);
    cell(In.BOTH, "batch_size", result -> result.cell().shape().batchSize());
    figure(In.BOTH, "throughput_avg", figures -> figures.throughput().neuronPerfAverage());
    figure(In.BOTH, "throughput_peak", figures -> figures.throughput().neuronPerfPeak());
    figure(In.BOTH, "latency_ms_p0", figures -> figures.latency().p0().millis());
    figure(In.BOTH, "latency_ms_p50", figures -> figures.latency().p50().millis());
    figure(In.BOTH, "latency_ms_p90", figures -> figures.latency().p90().millis());
    figure(In.BOTH, "latency_ms_p95", figures -> figures.latency().p95().millis());
    figure(In.BOTH, "latency_ms_p99", figures -> figures.latency().p99().millis());
    figure(In.BOTH, "latency_ms_p100", figures -> figures.latency().p100().millis());
    figure(In.BOTH, "cpu_avg_percent", figures -> figures.use().cpuPercent());
    run(In.CSV, "cpu_percent_p50", run -> null);
    run(In.CSV, "mem_avg_percent", run -> null);
    run(In.CSV, "mem_percent_p50", run -> null);
    figure(In.BOTH, "e2e_avg_ms", figures -> figures.latency().meanOfWorkerMeans());
    figure(In.BOTH, "infer_avg_ms", figures -> figures.stages().workerMeanInfer());
    figure(In.BOTH, "total_infs", Figures::rows);
    figure(In.BOTH, "total_s", Figures::totalSeconds);
    run(In.CSV, "performance_level", run -> null);
    run(In.BOTH, "model_filename", run -> run.subject().modelFile());
    run(In.BOTH, "device_type", Run::deviceType);
    run(In.BOTH, "instance_type", Run::instanceType);
    figure(In.BOTH, "cost_per_1m_inf", figures -> figures.cost().byNeuronPerf());
  }

  private static void neuronPerfKeys() {
    cell(In.JSON, "n_devices", result -> result.cell().models());
    run(In.JSON, "start_dts", run -> run.start().toString());
    run(In.JSON, "duration", run -> new Exact(run.durationSeconds()));
    run(In.JSON, "stop_dts", run -> run.stop().toString());
    cell(In.BOTH, "status", result -> result.failure() == null ? "finished" : "error");
    figure(In.JSON, "preprocess_avg_ms", figures -> figures.stages().workerMeanTokenize());
  }

  private static void what() {
    run(In.JSON, "schema_version", run -> JsonReport.SCHEMA_VERSION);
    run(In.BOTH, "emulated", Run::emulated);
    run(In.BOTH, "backend_kind", run -> run.subject().backend());
    run(In.JSON, "backend", Run::backend);
    run(In.BOTH, "precision", run -> run.subject().precision());
    cell(In.BOTH, "sequence_length", result -> result.cell().shape().sequenceLength());
    cell(
        In.BOTH,
        "texts_per_row",
        result -> result.cell().shape().isPacked() ? result.cell().shape().textsPerRow() : null);
    run(In.BOTH, "through", run -> run.subject().through());
    cell(In.BOTH, "slots", result -> result.cell().slotsPerModel());
    cell(In.BOTH, "input_path", result -> result.cell().inputPathName());
    run(In.BOTH, "scenario", run -> run.load().scenario());
    run(In.BOTH, "inputs", run -> run.load().inputs());
    run(In.JSON, "planned_cells", Run::plannedCells);
    figure(In.BOTH, "offered_rate", Figures::offeredRate);
    run(In.JSON, "p99_bound_ms", run -> new Exact(run.load().p99BoundMillis()));
    add(
        In.JSON,
        "steps",
        (run, result) -> Double.isNaN(run.load().p99BoundMillis()) ? null : result.steps());
  }

  private static void figures() {
    add(
        In.CSV,
        "least_cosine",
        (run, result) ->
            result.quality().skipped() == null
                ? String.format(Locale.ROOT, "%.6f", result.quality().leastCosine())
                : null);
    cell(In.JSON, "least_cosine", result -> new Exact(result.quality().leastCosine()));
    cell(
        In.BOTH,
        "least_cosine_rows",
        result -> result.quality().skipped() == null ? result.quality().rows() : null);
    cell(In.BOTH, "quality_skipped", result -> result.quality().skipped());
    figure(In.BOTH, "calls", Figures::calls);
    figure(In.JSON, "stopped_early", Figures::stopped);
    figure(In.BOTH, "throughput_with_stalls", figures -> figures.throughput().withStalls());
    ends("throughput_with_stalls", figures -> figures.throughput().interval());
    ends("latency_ms_p50", figures -> figures.latency().p50().interval());
    ends("latency_ms_p90", figures -> figures.latency().p90().interval());
    ends("latency_ms_p95", figures -> figures.latency().p95().interval());
    ends("latency_ms_p99", figures -> figures.latency().p99().interval());
    figure(In.CSV, "p90_p95_supported", figures -> figures.latency().p95().supported());
    figure(In.CSV, "p99_supported", figures -> figures.latency().p99().supported());
    figure(In.BOTH, "latency_avg_ms", figures -> figures.latency().meanOfCalls());
    figure(
        In.JSON,
        "latency_distribution",
        figures -> {
          List<Latency.Point> points = figures.latency().distribution();
          return points.isEmpty() ? null : points;
        });
    figure(In.JSON, "throughput_windows", figures -> figures.throughput().windows());
    figure(
        In.JSON,
        "below_sample_floor",
        figures ->
            figures.latency().unsupported().map(one -> "latency_ms_p" + one.percent()).toList());
    figure(In.BOTH, "tokens_per_second", figures -> figures.tokens().perSecond());
    figure(In.BOTH, "tokens_per_row", figures -> figures.tokens().perRow());
    figure(In.BOTH, "texts_per_execution", figures -> figures.tokens().rowsPerExecution());
    figure(In.BOTH, "padding_ratio", figures -> figures.tokens().paddingRatio());
    figure(In.BOTH, "token_fill", figures -> figures.tokens().fill());
    figure(In.JSON, "cut_rows", figures -> figures.tokens().cutRows());
    figure(In.BOTH, "queue_avg_ms", figures -> figures.stages().queue());
    figure(In.BOTH, "tokenize_avg_ms", figures -> figures.stages().tokenize());
    figure(In.BOTH, "write_avg_ms", figures -> figures.stages().write());
    figure(In.BOTH, "execute_avg_ms", figures -> figures.stages().execute());
    figure(In.BOTH, "read_avg_ms", figures -> figures.stages().read());
    figure(In.BOTH, "execution_avg_ms", figures -> figures.stages().execution());
    figure(In.BOTH, "stalls", figures -> figures.stalls().count());
    figure(In.BOTH, "stalls_s", figures -> figures.stalls().totalSeconds());
    figure(In.JSON, "longest_stall_s", figures -> figures.stalls().longestSeconds());
    figure(In.JSON, "cpu_process_percent", figures -> figures.use().cpuPercent());
    figure(In.JSON, "resident_megabytes", figures -> figures.use().residentMegabytes());
    figure(In.BOTH, "peak_resident_megabytes", figures -> figures.use().peakResidentMegabytes());
    figure(In.BOTH, "peak_heap_megabytes", figures -> figures.use().peakHeapMegabytes());
    figure(In.BOTH, "cost_per_1m_with_stalls", figures -> figures.cost().withStalls());
    figure(In.BOTH, "utilisation", Figures::utilisation);
  }

  private static void against() {
    run(In.JSON, "chip", Run::chip);
    price(In.JSON, "cost_per_hour", price -> new Exact(price.dollarsPerHour()));
    price(In.BOTH, "price_basis", Price::basis);
    add(
        In.JSON,
        "preset",
        (run, result) ->
            run.origin() == null || result.published() == null ? null : run.origin().name());
    add(
        In.JSON,
        "published_origin",
        (run, result) ->
            run.origin() == null || result.published() == null ? null : run.origin().origin());
    published(In.BOTH, "published_throughput_avg", Published::throughput);
    published(In.BOTH, "published_latency_ms_p50", Published::latencyMillisP50);
    published(In.BOTH, "published_latency_ms_p99", Published::latencyMillisP99);
    published(In.BOTH, "published_cost_per_1m_inf", Published::costPerMillion);
    cell(In.BOTH, "throughput_to_published", CellResult::ratioToPublished);
  }

  /**
   * A number that is not rounded: it was given as an input, or rounding would make it meaningless.
   */
  record Exact(double value) {}
}
