package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Published;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * A published matrix, to run again and to compare with. The published figures are of another model,
 * machine or precision than the run's, unless the facts of the run are the same. So the ratio shows
 * a position; it does not say which is better.
 *
 * @param name the value of {@code --preset}
 * @param origin whose figures these are, and how they were measured
 * @param published the published figures of each cell, in the order of the publication
 */
public record Preset(String name, String origin, Map<Cell, Published> published) {

  private static final Map<String, String> ORIGINS = origins();

  private static Map<String, String> origins() {
    Map<String, String> origins = new LinkedHashMap<>();
    origins.put(
        "inf2-bge-base",
        "bge-base-en-v1.5, bf16, on an inf2.xlarge, measured with NeuronPerf from Python;"
            + " cost at about $0.76 per hour, on demand");
    // Two cores, each with one call at a time at a p50 of 1.00 ms, make 2000 rows a second.
    origins.put(
        "inf2-encoders",
        "bert-base-uncased on an inf2.xlarge, from AWS's encoder tables of SDK 2.26 (batch 1,"
            + " 2025-10-17) and 2.27 (batch 8, 2025-12-19): zero inputs; one worker per model is"
            + " inferred from the latencies; $0.328 per hour, reserved, as of 2025-10-17");
    return origins;
  }

  /** The price in dollars an hour that AWS's own tables use ("RI-Effective", inf2.xlarge). */
  private static final double RESERVED_PER_HOUR = 0.328;

  /** Whose figures these are. */
  public Published.Origin source() {
    return new Published.Origin(name, origin);
  }

  /** The names of all presets, as written on the command line. */
  public static String names() {
    return String.join("|", ORIGINS.keySet());
  }

  /**
   * Reads a preset.
   *
   * @throws UsageException if no preset has that name
   */
  public static Preset named(String name) {
    String origin = ORIGINS.get(name);
    if (origin == null) {
      throw new UsageException("--preset is one of %s, not '%s'.".formatted(names(), name));
    }
    try (InputStream in = Preset.class.getResourceAsStream(name + ".csv")) {
      if (in == null) {
        throw new IllegalStateException(
            "The figures of the preset %s are missing.".formatted(name));
      }
      return new Preset(name, origin, read(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<Cell, Published> read(InputStream in) throws IOException {
    Map<Cell, Published> cells = new LinkedHashMap<>();
    CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
    Reader text = new InputStreamReader(in, StandardCharsets.UTF_8);
    for (CSVRecord row : format.parse(text)) {
      double throughput = Double.parseDouble(row.get("throughput_avg"));
      String cost = row.get("cost_per_1m_inf");
      cells.put(
          new Cell(
              new Shape(
                  Integer.parseInt(row.get("batch_size")),
                  Integer.parseInt(row.get("sequence_length"))),
              Integer.parseInt(row.get("n_models")),
              Integer.parseInt(row.get("workers_per_model"))),
          new Published(
              throughput,
              number(row.get("latency_ms_p50")),
              number(row.get("latency_ms_p99")),
              cost.isEmpty() ? RESERVED_PER_HOUR * 1e6 / (3600 * throughput) : number(cost)));
    }
    return cells;
  }

  private static double number(String value) {
    return value.isEmpty() ? Double.NaN : Double.parseDouble(value);
  }

  /** The cells to run, in the order of the publication. */
  public List<Cell> cells() {
    return List.copyOf(published.keySet());
  }

  /** The published figures of a cell; null if there are none. */
  public @Nullable Published of(Cell cell) {
    return published.get(cell);
  }
}
