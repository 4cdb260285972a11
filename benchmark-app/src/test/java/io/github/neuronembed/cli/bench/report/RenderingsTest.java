package io.github.neuronembed.cli.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Published;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.cli.bench.result.Subject;
import java.io.StringReader;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

/**
 * One run in five renderings, field by field: every figure of the run is another number, so that
 * two that change places show.
 */
class RenderingsTest {

  /** What files call the figures of {@link #run}, and the figures: written here independently. */
  private static final Map<String, Double> FILE_FIELDS = new LinkedHashMap<>();

  /** The same for the headings of tables. */
  private static final Map<String, Double> TABLE_FIELDS = new LinkedHashMap<>();

  static {
    String fields =
        "n_models 3, workers_per_model 5, pipeline_size 1, batch_size 7, sequence_length 19,"
            + " throughput_avg 101.5, throughput_peak 103.5, latency_ms_p0 11.125,"
            + " latency_ms_p50 12.25, latency_ms_p90 13.375, latency_ms_p95 14.5,"
            + " latency_ms_p99 15.625, latency_ms_p100 16.75, cpu_avg_percent 41.5,"
            + " e2e_avg_ms 17.125, infer_avg_ms 18.25, total_infs 4907, total_s 49.5,"
            + " cost_per_1m_inf 2.125, slots 6, offered_rate 107.5, least_cosine 0.987654,"
            + " least_cosine_rows 8, calls 701, throughput_with_stalls 99.125,"
            + " throughput_with_stalls_low 97.25, throughput_with_stalls_high 100.375,"
            + " latency_avg_ms 19.125, tokens_per_second 1883.5, tokens_per_row 9.5,"
            + " texts_per_execution 6.5, padding_ratio 0.125, token_fill 0.875, queue_avg_ms 1.125, tokenize_avg_ms 1.25, write_avg_ms 1.375,"
            + " execute_avg_ms 9.5, read_avg_ms 1.625, execution_avg_ms 12.5, stalls 2,"
            + " stalls_s 3.5, peak_resident_megabytes 220.5, peak_heap_megabytes 110.5,"
            + " cost_per_1m_with_stalls 2.25, utilisation 0.375, published_throughput_avg 90.5,"
            + " published_latency_ms_p50 20.25, published_latency_ms_p99 21.5,"
            + " published_cost_per_1m_inf 2.375, throughput_to_published 1.095";
    for (String field : fields.split(", ", -1)) {
      FILE_FIELDS.put(
          field.substring(0, field.indexOf(' ')),
          Double.valueOf(field.substring(field.indexOf(' '))));
    }
    String headings =
        "batch 7, length 19, models 3, workers 5, slots 6, rows/s 101.5, rows/s* 99.13, ±% 1.6,"
            + " p50_ms 12.25, p99_ms 15.63, calls 701, tokens/s 1884, texts/ex 6.5, fill_% 87.5,"
            + " cpu_% 41.5, cosine 0.987654, $/1M 2.25, use_% 37.5, published 90.5, ratio 1.095";
    for (String field : headings.split(", ", -1)) {
      TABLE_FIELDS.put(
          field.substring(0, field.indexOf(' ')).replace('_', ' '),
          Double.valueOf(field.substring(field.indexOf(' '))));
    }
  }

  private static Latency.Percentile percentile(int percent, double millis) {
    return new Latency.Percentile(
        percent,
        millis,
        percent == 0 || percent == 100
            ? Interval.UNKNOWN
            : new Interval(millis - 0.5, millis + 0.25),
        true);
  }

  private static Figures figures() {
    return new Figures(
        701,
        4907,
        49.5,
        false,
        107.5,
        new Figures.Throughput(
            101.5, 103.5, 99.125, new Interval(97.25, 100.375), List.of(98.5, 99.75)),
        new Latency(
            percentile(0, 11.125),
            percentile(50, 12.25),
            percentile(90, 13.375),
            percentile(95, 14.5),
            percentile(99, 15.625),
            percentile(100, 16.75),
            17.125,
            19.125,
            List.of(new Latency.Point(0, 11.125), new Latency.Point(99.5, 16.5))),
        new Figures.StageTimes(1.125, 1.25, 1.375, 9.5, 1.625, 12.5, 2.75, 18.25),
        new Figures.Tokens(1883.5, 9.5, 6.5, 0.125, 4),
        new Figures.Stalls(2, 3.5, 1.75),
        new Figures.ProcessUse(41.5, 210.5, 220.5, 110.5),
        new Figures.Cost(2.125, 2.25),
        0.375);
  }

  private static Run run() {
    CellResult cell =
        new CellResult(
            new Cell(new Shape(7, 19), 3, 5, 6, null),
            null,
            figures(),
            List.of(),
            new Quality(0.987654, 8, null),
            new Published(90.5, 20.25, 21.5, 2.375),
            List.of("A remark.", "Another one."));
    // Tables have a column for slots where these differ.
    CellResult failed =
        CellResult.failed(
            new Cell(new Shape(7, 19), 3, 5, 2, null),
            "no memory",
            List.of(),
            Quality.skipped("the cell failed"),
            null);
    LocalDateTime start = LocalDateTime.of(2026, 11, 24, 12, 0, 1);
    return new Run(
        new Subject("made-model", "made.onnx", "onnx", "fp32", "engine"),
        "a test",
        "cpu",
        false,
        "inf2.xlarge",
        new Price(0.75, "a test's price"),
        "a chip",
        new Published.Origin("a-preset", "a publication"),
        new Run.Load("closed", Double.NaN, "random tokens, lengths full"),
        10,
        start,
        start.plusSeconds(10),
        Map.of("version", "1"),
        2,
        List.of(cell, failed));
  }

  private interface Renderer {
    void write(Run run, Appendable out) throws Exception;
  }

  private static String rendered(Run run, Renderer renderer) throws Exception {
    StringBuilder text = new StringBuilder();
    renderer.write(run, text);
    return text.toString();
  }

  private static Map<String, Double> numbers(List<String> names, List<String> values) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      String value = values.get(i).replace(",", "").strip();
      if (value.matches("-?[0-9]+(\\.[0-9]+)?")) {
        numbers.put(names.get(i).strip(), Double.valueOf(value));
      }
    }
    return numbers;
  }

  @Test
  void csv() throws Exception {
    try (CSVParser parser =
        CSVFormat.DEFAULT
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .get()
            .parse(new StringReader(rendered(run(), CsvReport::write)))) {
      CSVRecord line = parser.getRecords().get(0);

      assertThat(numbers(parser.getHeaderNames(), line.toList()))
          .containsExactlyInAnyOrderEntriesOf(FILE_FIELDS);
      assertThat(line.get("model_name")).isEqualTo("made-model");
      assertThat(line.get("model_filename")).isEqualTo("made.onnx");
      assertThat(line.get("status")).isEqualTo("finished");
      assertThat(line.get("remarks")).isEqualTo("A remark. Another one.");
    }
  }

  @Test
  void json() throws Exception {
    JsonObject cell =
        new Gson()
            .fromJson(rendered(run(), JsonReport::write), JsonArray.class)
            .get(0)
            .getAsJsonObject();
    Map<String, Double> numbers =
        numbers(
            List.copyOf(cell.keySet()),
            cell.keySet().stream().map(key -> cell.get(key).toString()).toList());

    assertThat(numbers).containsAllEntriesOf(FILE_FIELDS);
    assertThat(numbers)
        .containsEntry("resident_megabytes", 210.5)
        .containsEntry("longest_stall_s", 1.75)
        .containsEntry("preprocess_avg_ms", 2.75)
        .containsEntry("cut_rows", 4.0)
        .containsEntry("cost_per_hour", 0.75)
        .containsEntry("latency_ms_p90_low", 12.875)
        .containsEntry("latency_ms_p95_high", 14.75)
        .containsEntry("planned_cells", 2.0);
    assertThat(cell.get("status").getAsString()).isEqualTo("finished");
  }

  @Test
  void theTerminalsTable() throws Exception {
    List<String> lines = rendered(run(), TableReport::write).lines().toList();

    // Headings of two words have one blank between them, columns two.
    assertThat(
            numbers(
                Arrays.asList(lines.get(2).strip().split(" {2,}", -1)),
                Arrays.asList(lines.get(3).strip().split(" {2,}", -1))))
        .containsExactlyInAnyOrderEntriesOf(TABLE_FIELDS);
    assertThat(lines.get(4)).endsWith("failed: no memory");
  }

  @Test
  void markdown() throws Exception {
    List<List<String>> lines =
        rendered(run(), MarkdownReport::write)
            .lines()
            .filter(line -> line.startsWith("| "))
            .map(line -> Arrays.asList(line.replace("\\*", "*").split("\\|", -1)))
            .toList();

    assertThat(numbers(lines.get(0), lines.get(1)))
        .containsExactlyInAnyOrderEntriesOf(TABLE_FIELDS);
    assertThat(lines.get(2).get(1)).contains("failed: no memory");
  }

  @Test
  void thePage() throws Exception {
    String page = rendered(run(), HtmlReport::write);
    String line = page.lines().filter(one -> one.startsWith("<tr role")).findFirst().orElseThrow();
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    Matcher cell = Pattern.compile("data-heading=\"(.*?)\">(.*?)</t[dh]>").matcher(line);
    while (cell.find()) {
      names.add(cell.group(1));
      values.add(cell.group(2));
    }

    assertThat(numbers(names, values)).containsExactlyInAnyOrderEntriesOf(TABLE_FIELDS);
    Matcher headings = Pattern.compile("scope=\"col\">(.*?)</th>").matcher(page);
    assertThat(headings.results().map(one -> one.group(1))).isEqualTo(names);
  }
}
