package io.github.neuronembed.cli.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Run;
import io.github.neuronembed.nrt.InputPath;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is written is what is published as the format, and no line of an emulation hides it. */
@Tag("machine-format")
class ReportTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** aws-neuron-sdk, {@code src/neuronperf}, in its order. */
  private static final List<String> NEURON_PERF_COLUMNS =
      List.of(
          "model_name,n_models,workers_per_model,pipeline_size,batch_size,throughput_avg,throughput_peak,latency_ms_p0,latency_ms_p50,latency_ms_p90,latency_ms_p95,latency_ms_p99,latency_ms_p100,cpu_avg_percent,cpu_percent_p50,mem_avg_percent,mem_percent_p50,e2e_avg_ms,infer_avg_ms,total_infs,total_s,performance_level,model_filename,device_type,instance_type,cost_per_1m_inf"
              .split(",", -1));

  private static JsonSchema schema() throws Exception {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(Files.readString(Path.of("../docs/bench.schema.json")));
  }

  private static JsonNode json(Run run) throws Exception {
    StringBuilder text = new StringBuilder();
    JsonReport.write(run, text);
    return JSON.readTree(text.toString());
  }

  private static String markdown(Run run) throws Exception {
    StringBuilder text = new StringBuilder();
    MarkdownReport.write(run, text);
    return text.toString();
  }

  private static Run everything(boolean emulated) {
    Cell published = new Cell(new Shape(1, 256), 2, 1);
    Preset preset = Preset.named("inf2-bge-base");
    return MadeRun.run(
        emulated,
        preset,
        MadeRun.cell(1, 5),
        MadeRun.cell(2, 40, 8),
        MadeRun.failedCell(),
        MadeRun.result(published, MadeRun.timers(3, 5, 1), 250, preset),
        MadeRun.packedCell());
  }

  @Test
  void whatIsWrittenIsValidByThePublishedSchema() throws Exception {
    for (boolean emulated : new boolean[] {false, true}) {
      Set<ValidationMessage> wrong = schema().validate(json(everything(emulated)));
      assertThat(wrong).isEmpty();
    }
  }

  @Test
  void theSchemaRefusesWhatIsNotWritten() throws Exception {
    JsonNode cells = json(everything(false));

    ((ObjectNode) cells.get(0)).put("a_key_of_no_meaning", 1);
    assertThat(schema().validate(cells)).isNotEmpty();
    ((ObjectNode) cells.get(0)).remove("a_key_of_no_meaning");
    assertThat(schema().validate(cells)).isEmpty();
    ((ObjectNode) cells.get(0)).put("emulated", true);
    assertThat(schema().validate(cells)).isNotEmpty();
    ((ObjectNode) cells.get(0)).put("emulated", false).remove("calls");
    assertThat(schema().validate(cells)).isNotEmpty();
  }

  @Test
  void theSchemaKnowsNoKeyThatIsNeverWritten() throws Exception {
    Set<String> notInThisRun =
        Set.of("input_path", "p99_bound_ms", "steps", "quality_skipped", "failure");
    List<String> keys = new ArrayList<>();
    json(everything(false)).forEach(cell -> cell.fieldNames().forEachRemaining(keys::add));
    JsonNode schema = JSON.readTree(Files.readString(Path.of("../docs/bench.schema.json")));

    schema
        .at("/items/properties")
        .fieldNames()
        .forEachRemaining(
            key -> assertThat(keys.contains(key) || notInThisRun.contains(key)).as(key).isTrue());
  }

  @Test
  void theFirstKeysAreNeuronPerfsColumnsInTheirOrder() throws Exception {
    List<String> keys = new ArrayList<>();
    json(everything(false)).get(3).fieldNames().forEachRemaining(keys::add);

    List<String> columns = new ArrayList<>(NEURON_PERF_COLUMNS);
    // Of these there is no figure: one value of the process, no samples, and no such setting.
    columns.removeAll(
        List.of("cpu_percent_p50", "mem_avg_percent", "mem_percent_p50", "performance_level"));
    assertThat(keys.subList(0, columns.size())).isEqualTo(columns);
  }

  @Test
  void theCsvFileHasAValueForEveryColumn() throws Exception {
    StringBuilder text = new StringBuilder();
    CsvReport.write(everything(true), text);
    var parser = CSVFormat.DEFAULT.parse(new StringReader(text.toString()));

    var lines = parser.getRecords();
    List<String> header = lines.get(0).toList();
    assertThat(header).doesNotHaveDuplicates();
    assertThat(header.subList(0, 26)).isEqualTo(NEURON_PERF_COLUMNS);
    assertThat(lines).hasSize(6).allMatch(line -> line.size() == header.size());
    int cosine = header.indexOf("least_cosine");
    assertThat(lines.get(1).get(cosine)).isEqualTo("0.999000");
    assertThat(lines.get(1).get(header.indexOf("utilisation"))).isNotEqualTo("N/A");
    assertThat(lines.get(1).get(header.indexOf("padding_ratio"))).isEqualTo("0.0");
  }

  @Test
  void markdownHasALineForEachCellAndTheReasons() throws Exception {
    String text = markdown(everything(false));

    assertThat(text.lines().filter(line -> line.startsWith("| ") && line.contains("workers each")))
        .hasSize(4);
    assertThat(text).contains("failed: no memory for &lt;it>", "Too few samples for p99");
    assertThat(text)
        .contains("which is not the measured device", "$0.7582 per hour", "as noted 2026-07-20");
    // A table's lines have as many cells as its header.
    List<String> table = text.lines().skip(4).takeWhile(line -> line.startsWith("|")).toList();
    assertThat(table).hasSize(7);
    assertThat(
            table.stream().map(line -> line.replace("\\|", "").split("\\|", -1).length).distinct())
        .hasSize(1);
  }

  private static String table(Run run) throws Exception {
    StringBuilder text = new StringBuilder();
    TableReport.write(run, text);
    return text.toString();
  }

  @Test
  void theTableTellsSlotsAndInputPathsApart() throws Exception {
    List<Timers> timers = MadeRun.timers(1, 5, 1);
    Shape shape = new Shape(1, 64);

    assertThat(table(everything(false))).doesNotContain("slots  ", "input  ");
    assertThat(
            table(
                    MadeRun.run(
                        true,
                        MadeRun.result(new Cell(shape, 1, 2, 1, InputPath.WRITE), timers),
                        MadeRun.result(new Cell(shape, 1, 2, 3, InputPath.WRITE_BATCH), timers)))
                .lines()
                .skip(2)
                .limit(3)
                .map(line -> line.strip().split(" +"))
                .map(words -> words[4] + " " + words[5]))
        .containsExactly("slots input", "1 write", "3 write-batch");
  }

  @Test
  void theTableSaysWhyAFigureIsMissing() throws Exception {
    Timers second = new Timers();
    second.add(0, 900_000_000, 1);

    String text =
        table(
            MadeRun.run(false, MadeRun.result(new Cell(new Shape(1, 64), 1, 1), List.of(second))));

    assertThat(text)
        .contains("which needs calls in at least three different seconds")
        .doesNotContain("No built-in price");
  }

  @Test
  void aMachineWithoutAPriceIsNamed() throws Exception {
    Run run = bareRun("inf2.48xlarge", 1);

    assertThat(table(run)).contains("No built-in price for inf2.48xlarge: give --cost-per-hour.");
  }

  @Test
  void everyLineOfAnEmulationSaysSo() throws Exception {
    Run run = everything(true);
    String text = markdown(run);

    assertThat(text).contains("**Emulated: this report says nothing about a real device.**");
    assertThat(
            text.lines()
                .filter(line -> line.contains("model"))
                .filter(line -> line.contains("each")))
        .isNotEmpty()
        .allMatch(line -> line.contains("(emulated)"));
    json(run).forEach(cell -> assertThat(cell.get("emulated").asBoolean()).isTrue());
  }

  @Test
  void aRunThatWasEndedSaysHowFarItCame() throws Exception {
    Run run = bareRun(null, 8);

    assertThat(markdown(run)).contains("- Stopped early: 1 of 8 cells were tried.");
    assertThat(schema().validate(json(run))).isEmpty();
  }

  /** One cell without a price, chip or preset. */
  private static Run bareRun(@Nullable String instanceType, int plannedCells) {
    Run whole = MadeRun.run(false, MadeRun.bareCell());
    return new Run(
        whole.subject(),
        whole.backend(),
        whole.deviceType(),
        whole.emulated(),
        instanceType,
        null,
        null,
        null,
        whole.load(),
        whole.durationSeconds(),
        whole.start(),
        whole.stop(),
        whole.environment(),
        plannedCells,
        whole.cells());
  }
}
