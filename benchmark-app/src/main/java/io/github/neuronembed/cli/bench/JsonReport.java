package io.github.neuronembed.cli.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A list of flat objects, one for each cell: NeuronPerf's columns in their order, then its other
 * keys, then ours. What there is no value for is left out. {@code docs/bench.schema.json} describes
 * it.
 */
final class JsonReport {

  /** Raised when a key changes its meaning or goes; new keys may come without. */
  private static final int SCHEMA_VERSION = 1;

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private JsonReport() {}

  static void write(BenchRun run, Appendable out) {
    JsonArray cells = new JsonArray();
    for (CellResult result : run.results()) {
      cells.add(object(run, result));
    }
    GSON.toJson(cells, out);
  }

  private static JsonObject object(BenchRun run, CellResult result) {
    JsonObject json = new JsonObject();
    neuronPerfColumns(run, result, json);
    neuronPerfKeys(run, result, json);
    what(run, result, json);
    figures(run, result, json);
    against(run, result, json);
    JsonArray remarks = new JsonArray();
    Remarks.of(result).forEach(remarks::add);
    json.add("remarks", remarks);
    JsonObject environment = new JsonObject();
    for (Map.Entry<String, String> fact : run.environment().entrySet()) {
      environment.addProperty(fact.getKey(), fact.getValue());
    }
    json.add("environment", environment);
    return json;
  }

  private static void neuronPerfColumns(BenchRun run, CellResult result, JsonObject json) {
    Cell cell = result.cell();
    NeuronPerfRules rules = result.rules();
    json.addProperty("model_name", run.modelName());
    json.addProperty("n_models", cell.models());
    json.addProperty("workers_per_model", cell.workersPerModel());
    json.addProperty("pipeline_size", 1);
    json.addProperty("batch_size", cell.shape().batchSize());
    if (rules != null) {
      number(json, "throughput_avg", rules.throughputAverage());
      number(json, "throughput_peak", rules.throughputPeak());
      for (int i = 0; i < NeuronPerfRules.PERCENTILES.length; i++) {
        number(json, "latency_ms_p" + NeuronPerfRules.PERCENTILES[i], rules.latencyMillis()[i]);
      }
      number(json, "cpu_avg_percent", result.use().cpuPercent());
      number(json, "e2e_avg_ms", rules.latencyMillisAverage());
      number(json, "infer_avg_ms", result.stages().inferMillis());
      json.addProperty("total_infs", rules.rows());
      number(json, "total_s", result.totalSeconds());
    }
    json.addProperty("model_filename", run.modelFile());
    json.addProperty("device_type", run.deviceType());
    text(json, "instance_type", run.instanceType());
    if (rules != null && run.price() != null) {
      number(json, "cost_per_1m_inf", rules.costPerMillion(run.price().dollarsPerHour()));
    }
  }

  private static void neuronPerfKeys(BenchRun run, CellResult result, JsonObject json) {
    json.addProperty("n_devices", result.cell().models());
    json.addProperty("start_dts", run.start().toString());
    json.addProperty("duration", run.durationSeconds());
    json.addProperty("stop_dts", run.stop().toString());
    json.addProperty("status", result.failure() == null ? "finished" : "error");
    number(json, "preprocess_avg_ms", result.stages().tokenizeMillis());
  }

  private static void what(BenchRun run, CellResult result, JsonObject json) {
    Cell cell = result.cell();
    json.addProperty("schema_version", SCHEMA_VERSION);
    json.addProperty("emulated", run.emulated());
    json.addProperty("backend_kind", run.subject().backend());
    json.addProperty("backend", run.backend());
    json.addProperty("precision", run.subject().precision());
    json.addProperty("sequence_length", cell.shape().sequenceLength());
    json.addProperty("through", run.subject().through());
    json.addProperty("slots", cell.slotsPerModel());
    text(json, "input_path", cell.inputPathName());
    json.addProperty("scenario", run.scenario().title());
    json.addProperty("inputs", run.inputs());
    number(json, "offered_rate", result.offeredRate());
    if (!Double.isNaN(run.scenario().boundMillis())) {
      json.addProperty("p99_bound_ms", run.scenario().boundMillis());
      json.add("steps", steps(result));
    }
    if (result.failure() != null) {
      json.addProperty("failure", result.failure());
    }
  }

  private static JsonArray steps(CellResult result) {
    JsonArray steps = new JsonArray();
    for (RateStep step : result.steps()) {
      JsonObject json = new JsonObject();
      number(json, "rate", step.rowsPerSecond());
      number(json, "latency_ms_p99", step.p99Millis());
      json.addProperty("calls", step.calls());
      json.addProperty("met", step.met());
      text(json, "failure", step.failure());
      steps.add(json);
    }
    return steps;
  }

  private static void figures(BenchRun run, CellResult result, JsonObject json) {
    Quality quality = result.quality();
    if (quality.skipped() == null) {
      json.addProperty("least_cosine", quality.leastCosine());
      json.addProperty("least_cosine_rows", quality.rows());
    } else {
      json.addProperty("quality_skipped", quality.skipped());
    }
    NeuronPerfRules rules = result.rules();
    if (rules == null) {
      return;
    }
    json.addProperty("calls", rules.calls());
    json.addProperty("stopped_early", result.stopped());
    number(json, "throughput_with_stalls", result.rowsPerSecond());
    interval(json, "throughput_with_stalls", result.throughputInterval());
    for (int i = 0; i < NeuronPerfRules.PERCENTILES.length; i++) {
      interval(
          json, "latency_ms_p" + NeuronPerfRules.PERCENTILES[i], result.latencyIntervals().get(i));
    }
    JsonArray windows = new JsonArray();
    Arrays.stream(result.windows()).map(NeuronPerfRules::round).forEach(windows::add);
    json.add("throughput_windows", windows);
    JsonArray unsupported = new JsonArray();
    Arrays.stream(NeuronPerfRules.PERCENTILES)
        .filter(percentile -> !CellResult.isSupported(percentile, rules.calls()))
        .forEach(percentile -> unsupported.add("latency_ms_p" + percentile));
    json.add("below_sample_floor", unsupported);
    Stages stages = result.stages();
    number(json, "tokens_per_second", result.tokensPerSecond());
    number(json, "tokens_per_row", stages.tokensPerRow());
    number(json, "padding_ratio", stages.paddingRatio());
    json.addProperty("cut_rows", result.cutRows());
    number(json, "queue_avg_ms", stages.queueMillis());
    number(json, "tokenize_avg_ms", stages.tokenizeMillis());
    number(json, "write_avg_ms", stages.writeMillis());
    number(json, "execute_avg_ms", stages.executeMillis());
    number(json, "read_avg_ms", stages.readMillis());
    json.addProperty("stalls", result.stalls().count());
    number(json, "stalls_s", result.stalls().totalSeconds());
    number(json, "longest_stall_s", result.stalls().longestSeconds());
    ProcessUse use = result.use();
    number(json, "cpu_process_percent", use.cpuPercent());
    number(json, "resident_megabytes", use.residentMegabytes());
    number(json, "peak_resident_megabytes", use.peakResidentMegabytes());
    number(json, "peak_heap_megabytes", use.peakHeapMegabytes());
    number(json, "cost_per_1m_with_stalls", run.costPerMillion(result));
    number(json, "utilisation", run.utilisation(result));
  }

  private static void against(BenchRun run, CellResult result, JsonObject json) {
    if (run.chip() != null) {
      json.addProperty("chip", run.chip().description());
    }
    if (run.price() != null) {
      json.addProperty("cost_per_hour", run.price().dollarsPerHour());
      json.addProperty("price_basis", run.price().basis());
    }
    Preset.Published published = run.published(result.cell());
    if (run.preset() != null && published != null) {
      json.addProperty("preset", run.preset().name());
      json.addProperty("published_origin", run.preset().origin());
      number(json, "published_throughput_avg", published.throughput());
      number(json, "published_latency_ms_p50", published.latencyMillisP50());
      number(json, "published_latency_ms_p99", published.latencyMillisP99());
      number(json, "published_cost_per_1m_inf", published.costPerMillion());
      number(json, "throughput_to_published", run.ratioToPublished(result));
    }
  }

  private static void interval(JsonObject json, String key, Interval interval) {
    number(json, key + "_low", interval.low());
    number(json, key + "_high", interval.high());
  }

  /** JSON has no NaN: what is missing is left out. */
  private static void number(JsonObject json, String key, double value) {
    if (!Double.isNaN(value) && !Double.isInfinite(value)) {
      json.addProperty(key, NeuronPerfRules.round(value));
    }
  }

  private static void text(JsonObject json, String key, @Nullable String value) {
    if (value != null) {
      json.addProperty(key, value);
    }
  }
}
