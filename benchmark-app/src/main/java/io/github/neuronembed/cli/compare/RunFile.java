package io.github.neuronembed.cli.compare;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The JSON file of one benchmark run.
 *
 * @param cells its cells by what identifies them in any run, in the file's order
 */
record RunFile(Map<String, JsonObject> cells) {

  /**
   * Reads it.
   *
   * @throws UsageException if it is not a file that {@code bench} wrote
   * @throws IOException if it cannot be read
   */
  static RunFile read(Path path) throws IOException {
    Map<String, JsonObject> cells = new LinkedHashMap<>();
    try (Reader in = Files.newBufferedReader(path)) {
      for (JsonElement element : new Gson().fromJson(in, JsonArray.class)) {
        JsonObject cell = element.getAsJsonObject();
        cells.put(key(cell), cell);
      }
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | NullPointerException
        | NumberFormatException e) {
      throw new UsageException(
          "%s is not a JSON file that this version of `bench --output-dir` writes."
              .formatted(path));
    }
    if (cells.isEmpty()) {
      throw new UsageException("%s has no cells to compare.".formatted(path));
    }
    return new RunFile(cells);
  }

  /** Whatever makes two figures incomparable; not the versions, which are what is compared. */
  private static String key(JsonObject cell) {
    StringBuilder key = new StringBuilder();
    key.append(
        "%s %s×%s, %s, %s, %s, %s on %s"
            .formatted(
                cell.get("model_name").getAsString(),
                cell.get("batch_size").getAsInt(),
                cell.get("sequence_length").getAsInt(),
                count(cell, "n_models", "model"),
                count(cell, "workers_per_model", "worker"),
                cell.get("scenario").getAsString(),
                cell.get("precision").getAsString(),
                cell.get("backend_kind").getAsString()));
    if (cell.get("through").getAsString().equals("engine")) {
      key.append(", through the engine, ").append(count(cell, "slots", "slot"));
    }
    if (cell.has("input_path")) {
      key.append(", ").append(cell.get("input_path").getAsString());
    }
    key.append(", ").append(cell.get("inputs").getAsString());
    return key.append(cell.get("emulated").getAsBoolean() ? ", emulated" : "").toString();
  }

  private static String count(JsonObject cell, String key, String what) {
    int count = cell.get(key).getAsInt();
    return "%s %s%s".formatted(count, what, count == 1 ? "" : "s");
  }
}
