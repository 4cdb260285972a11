package io.github.neuronembed.cli.bench.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A list of flat objects, one for each cell: NeuronPerf's columns in their order, then its other
 * keys, then ours. Keys without a value are omitted. {@code docs/bench.schema.json} describes the
 * format, and {@link RunReader} reads it.
 */
public final class JsonReport {

  /** Raised when a key changes its meaning or is removed; new keys do not raise it. */
  static final int SCHEMA_VERSION = 2;

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private JsonReport() {}

  public static void write(Run run, Appendable out) {
    GSON.toJson(cells(run), out);
  }

  /** The cells as they are written. */
  static JsonArray cells(Run run) {
    JsonArray cells = new JsonArray();
    for (CellResult result : run.cells()) {
      JsonObject json = new JsonObject();
      for (Columns.Column column : Columns.ofJson()) {
        JsonElement value = element(column.value().apply(run, result));
        if (value != null) {
          json.add(column.name(), value);
        }
      }
      cells.add(json);
    }
    return cells;
  }

  /** JSON has no NaN: a missing value is omitted. */
  private static @Nullable JsonElement element(@Nullable Object value) {
    if (value instanceof Columns.Exact exact) {
      return Double.isFinite(exact.value()) ? new JsonPrimitive(exact.value()) : null;
    }
    if (value instanceof Double number) {
      return Double.isFinite(number) ? new JsonPrimitive(ThreePlaces.round(number)) : null;
    }
    if (value instanceof Number number) {
      return new JsonPrimitive(number);
    }
    if (value instanceof Boolean flag) {
      return new JsonPrimitive(flag);
    }
    if (value instanceof List<?> list) {
      JsonArray array = new JsonArray();
      list.forEach(item -> array.add(element(item)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      JsonObject object = new JsonObject();
      map.forEach((key, item) -> object.add(key.toString(), element(item)));
      return object;
    }
    if (value instanceof RateStep step) {
      return step(step);
    }
    if (value instanceof Latency.Point point) {
      JsonArray pair = new JsonArray();
      pair.add(ThreePlaces.round(point.percent()));
      pair.add(ThreePlaces.round(point.millis()));
      return pair;
    }
    return value == null ? null : new JsonPrimitive(value.toString());
  }

  private static JsonObject step(RateStep step) {
    JsonObject json = new JsonObject();
    json.add("rate", element(step.rowsPerSecond()));
    if (Double.isFinite(step.p99Millis())) {
      json.add("latency_ms_p99", element(step.p99Millis()));
    }
    json.addProperty("calls", step.calls());
    json.addProperty("met", step.met());
    if (step.failure() != null) {
      json.addProperty("failure", step.failure());
    }
    return json;
  }
}
