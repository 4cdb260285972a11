package io.github.neuronembed.cli.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Map;

/** A list of flat objects, one for each cell: NeuronPerf's keys, then ours. */
final class JsonReport {

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
    Cell cell = result.cell();
    JsonObject json = new JsonObject();
    json.addProperty("model_filename", run.modelFile());
    json.addProperty("model_name", run.modelName());
    json.addProperty("device_type", run.deviceType());
    json.addProperty("instance_type", run.instanceType());
    json.addProperty("batch_size", cell.shape().batchSize());
    json.addProperty("n_models", cell.models());
    json.addProperty("workers_per_model", cell.workersPerModel());
    json.addProperty("pipeline_size", 1);
    json.addProperty("n_devices", cell.models());
    json.addProperty("start_dts", run.start().toString());
    json.addProperty("duration", run.durationSeconds());
    json.addProperty("stop_dts", run.stop().toString());
    json.addProperty("status", result.failure() == null ? "finished" : "error");
    NeuronPerfRules rules = result.rules();
    if (rules != null) {
      number(json, "e2e_avg_ms", rules.latencyMillisAverage());
      json.addProperty("total_infs", rules.rows());
      number(json, "total_s", result.totalSeconds());
      for (int i = 0; i < NeuronPerfRules.PERCENTILES.length; i++) {
        number(json, "latency_ms_p" + NeuronPerfRules.PERCENTILES[i], rules.latencyMillis()[i]);
      }
      number(json, "throughput_peak", rules.throughputPeak());
      number(json, "throughput_avg", rules.throughputAverage());
      if (run.price() != null) {
        number(json, "cost_per_1m_inf", rules.costPerMillion(run.price().dollarsPerHour()));
      }
    }
    json.addProperty("sequence_length", cell.shape().sequenceLength());
    json.addProperty("emulated", run.emulated());
    json.addProperty("backend", run.backend());
    json.addProperty("scenario", run.scenario().title());
    number(json, "offered_rate", run.scenario().rowsPerSecond());
    if (rules != null) {
      number(json, "throughput_with_stalls", result.rowsPerSecond());
      interval(json, "throughput_with_stalls", result.throughputInterval());
      for (int i = 0; i < NeuronPerfRules.PERCENTILES.length; i++) {
        interval(
            json,
            "latency_ms_p" + NeuronPerfRules.PERCENTILES[i],
            result.latencyIntervals().get(i));
      }
      JsonArray windows = new JsonArray();
      Arrays.stream(result.windows()).map(NeuronPerfRules::round).forEach(windows::add);
      json.add("throughput_windows", windows);
      number(json, "cpu_process_percent", result.cpuPercent());
      number(json, "resident_megabytes", result.residentMegabytes());
      json.addProperty("calls", rules.calls());
      JsonArray unsupported = new JsonArray();
      Arrays.stream(NeuronPerfRules.PERCENTILES)
          .filter(percentile -> !CellResult.isSupported(percentile, rules.calls()))
          .forEach(percentile -> unsupported.add("latency_ms_p" + percentile));
      json.add("below_sample_floor", unsupported);
    } else {
      json.addProperty("failure", result.failure());
    }
    if (run.price() != null) {
      json.addProperty("cost_per_hour", run.price().dollarsPerHour());
      json.addProperty("price_basis", run.price().basis());
    }
    Preset.Published published = run.published(cell);
    if (run.preset() != null && published != null) {
      json.addProperty("preset", run.preset().name());
      json.addProperty("published_origin", run.preset().origin());
      number(json, "published_throughput_avg", published.throughput());
      number(json, "published_latency_ms_p50", published.latencyMillisP50());
      number(json, "published_latency_ms_p99", published.latencyMillisP99());
      number(json, "published_cost_per_1m_inf", published.costPerMillion());
      number(json, "throughput_to_published", run.ratioToPublished(result));
    }
    JsonObject environment = new JsonObject();
    for (Map.Entry<String, String> fact : run.environment().entrySet()) {
      environment.addProperty(fact.getKey(), fact.getValue());
    }
    json.add("environment", environment);
    return json;
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
}
