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
          "%s is not a JSON file that `bench --output-dir` wrote.".formatted(path));
    }
    if (cells.isEmpty()) {
      throw new UsageException("%s has no cells to compare.".formatted(path));
    }
    return new RunFile(cells);
  }

  private static String key(JsonObject cell) {
    return "%s %d×%d, %d models, %d workers, %s%s"
        .formatted(
            cell.get("model_name").getAsString(),
            cell.get("batch_size").getAsInt(),
            cell.get("sequence_length").getAsInt(),
            cell.get("n_models").getAsInt(),
            cell.get("workers_per_model").getAsInt(),
            cell.has("scenario") ? cell.get("scenario").getAsString() : "closed",
            cell.get("emulated").getAsBoolean() ? ", emulated" : "");
  }
}
