package io.github.neuronembed.cli.bench.report;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.load.Matrix;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.Subject;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what {@link JsonReport} wrote, in this version or an earlier one. */
public final class RunReader {

  private final JsonObject json;

  private RunReader(JsonObject json) {
    this.json = json;
  }

  /**
   * Reads a run.
   *
   * @throws UsageException if it is not a file that {@code bench} wrote, or has no cells
   * @throws IOException if it cannot be read
   */
  public static Run read(Path file) throws IOException {
    JsonArray cells;
    try (Reader in = Files.newBufferedReader(file)) {
      cells = new Gson().fromJson(in, JsonArray.class);
      if (cells != null && cells.isEmpty()) {
        throw new UsageException("%s has no cells.".formatted(file));
      }
      return run(cells);
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | DateTimeException
        | NullPointerException e) {
      throw new UsageException(
          "%s is not a JSON file that this version of `bench --output-dir` writes."
              .formatted(file));
    }
  }

  private static Run run(JsonArray cells) {
    List<CellResult> results = new ArrayList<>();
    Published.@Nullable Origin origin = null;
    for (JsonElement cell : cells) {
      RunReader reader = new RunReader(cell.getAsJsonObject());
      results.add(reader.result());
      if (origin == null && reader.has("preset")) {
        origin = new Published.Origin(reader.text("preset"), reader.text("published_origin"));
      }
    }
    return new RunReader(cells.get(0).getAsJsonObject()).run(results, origin);
  }

  private Run run(List<CellResult> results, Published.@Nullable Origin origin) {
    Map<String, String> environment = new LinkedHashMap<>();
    json.getAsJsonObject("environment")
        .entrySet()
        .forEach(fact -> environment.put(fact.getKey(), fact.getValue().getAsString()));
    return new Run(
        new Subject(
            text("model_name"),
            text("model_filename"),
            text("backend_kind"),
            text("precision"),
            text("through")),
        text("backend"),
        text("device_type"),
        json.get("emulated").getAsBoolean(),
        optional("instance_type"),
        has("cost_per_hour") ? new Price(number("cost_per_hour"), text("price_basis")) : null,
        optional("chip"),
        origin,
        new Run.Load(text("scenario"), number("p99_bound_ms"), text("inputs")),
        number("duration"),
        LocalDateTime.parse(text("start_dts")),
        LocalDateTime.parse(text("stop_dts")),
        environment,
        has("planned_cells") ? (int) whole("planned_cells") : results.size(),
        results);
  }

  private CellResult result() {
    String path = optional("input_path");
    boolean engine = text("through").equals("engine");
    Cell cell =
        new Cell(
            new Shape(
                (int) whole("batch_size"),
                (int) whole("sequence_length"),
                has("texts_per_row") ? (int) whole("texts_per_row") : 1),
            (int) whole("n_models"),
            (int) whole("workers_per_model"),
            engine ? (int) whole("slots") : 0,
            path == null ? null : Matrix.inputPaths("input_path", path).get(0));
    String failure = optional("failure");
    return new CellResult(
        cell,
        failure,
        failure == null ? figures() : null,
        steps(),
        has("least_cosine")
            ? new Quality(number("least_cosine"), (int) whole("least_cosine_rows"), null)
            : Quality.skipped(text("quality_skipped")),
        has("published_throughput_avg") ? published() : null,
        array("remarks").asList().stream().map(JsonElement::getAsString).toList());
  }

  private Published published() {
    return new Published(
        number("published_throughput_avg"),
        number("published_latency_ms_p50"),
        number("published_latency_ms_p99"),
        number("published_cost_per_1m_inf"));
  }

  private Figures figures() {
    return new Figures(
        whole("calls"),
        whole("total_infs"),
        number("total_s"),
        json.get("stopped_early").getAsBoolean(),
        number("offered_rate"),
        new Figures.Throughput(
            number("throughput_avg"),
            number("throughput_peak"),
            number("throughput_with_stalls"),
            interval("throughput_with_stalls"),
            array("throughput_windows").asList().stream().map(JsonElement::getAsDouble).toList()),
        latency(),
        new Figures.StageTimes(
            number("queue_avg_ms"),
            number("tokenize_avg_ms"),
            number("write_avg_ms"),
            number("execute_avg_ms"),
            number("read_avg_ms"),
            number(has("execution_avg_ms") ? "execution_avg_ms" : "infer_avg_ms"),
            number("preprocess_avg_ms"),
            number("infer_avg_ms")),
        new Figures.Tokens(
            number("tokens_per_second"),
            number("tokens_per_row"),
            number("texts_per_execution"),
            number("padding_ratio"),
            whole("cut_rows")),
        new Figures.Stalls(whole("stalls"), number("stalls_s"), number("longest_stall_s")),
        new Figures.ProcessUse(
            number("cpu_avg_percent"),
            number("resident_megabytes"),
            number("peak_resident_megabytes"),
            number("peak_heap_megabytes")),
        new Figures.Cost(number("cost_per_1m_inf"), number("cost_per_1m_with_stalls")),
        number("utilisation"));
  }

  private Latency latency() {
    List<Latency.Point> distribution = new ArrayList<>();
    for (JsonElement pair : array("latency_distribution")) {
      distribution.add(
          new Latency.Point(
              pair.getAsJsonArray().get(0).getAsDouble(),
              pair.getAsJsonArray().get(1).getAsDouble()));
    }
    return new Latency(
        percentile(0),
        percentile(50),
        percentile(90),
        percentile(95),
        percentile(99),
        percentile(100),
        number("e2e_avg_ms"),
        // In old files without latency_avg_ms, e2e_avg_ms is the mean over all calls.
        number(has("latency_avg_ms") ? "latency_avg_ms" : "e2e_avg_ms"),
        distribution);
  }

  private Latency.Percentile percentile(int percent) {
    String key = "latency_ms_p" + percent;
    return new Latency.Percentile(
        percent, number(key), interval(key), Latency.isSupported(percent, whole("calls")));
  }

  private List<RateStep> steps() {
    List<RateStep> steps = new ArrayList<>();
    for (JsonElement element : array("steps")) {
      RunReader step = new RunReader(element.getAsJsonObject());
      steps.add(
          new RateStep(
              step.number("rate"),
              step.number("latency_ms_p99"),
              step.whole("calls"),
              step.json.get("met").getAsBoolean(),
              step.optional("failure")));
    }
    return steps;
  }

  private boolean has(String key) {
    return json.has(key);
  }

  private String text(String key) {
    return json.get(key).getAsString();
  }

  private @Nullable String optional(String key) {
    return has(key) ? text(key) : null;
  }

  private double number(String key) {
    return has(key) ? json.get(key).getAsDouble() : Double.NaN;
  }

  private long whole(String key) {
    return json.get(key).getAsLong();
  }

  private Interval interval(String key) {
    return new Interval(number(key + "_low"), number(key + "_high"));
  }

  private JsonArray array(String key) {
    return has(key) ? json.getAsJsonArray(key) : new JsonArray();
  }
}
