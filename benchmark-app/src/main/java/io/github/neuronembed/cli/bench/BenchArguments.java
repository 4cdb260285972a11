package io.github.neuronembed.cli.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.figures.CellFigures;
import io.github.neuronembed.cli.bench.figures.Chip;
import io.github.neuronembed.cli.bench.figures.EncoderSize;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.load.Scenario;
import io.github.neuronembed.cli.bench.load.TextRows;
import io.github.neuronembed.cli.bench.measure.Backends;
import io.github.neuronembed.cli.bench.measure.Bench;
import io.github.neuronembed.cli.bench.measure.QualityCheck;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Price;
import io.github.neuronembed.cli.bench.result.Subject;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of the command line, checked before anything is opened.
 *
 * @param model the model
 * @param backend the backend that computes; never {@code AUTO}
 * @param computed whether a model is computed; the emulator may compute hashes
 * @param emulator configuration of the emulator
 * @param file that is loaded
 * @param precision of the computation on a CPU
 * @param subject what is measured, for the reports
 * @param cells what to measure
 * @param preset the published matrix of these cells; null if they are not from one
 * @param scenario who decides when a call begins
 * @param lengths of random rows
 * @param texts to carry instead; without lines for random rows
 * @param quality whether vectors are compared
 * @param durationSeconds how long each cell is measured
 * @param warmUpSeconds how long warming up may take
 * @param chip whose peak gives the utilisation; null for none
 * @param instanceType the machine; null if it was not named
 * @param price of it; null if there is none
 */
record BenchArguments(
    BenchModel model,
    BackendChoice backend,
    boolean computed,
    JsonObject emulator,
    Path file,
    Precision precision,
    Subject subject,
    List<Cell> cells,
    @Nullable Preset preset,
    Scenario scenario,
    Lengths lengths,
    Rows.Texts texts,
    boolean quality,
    double durationSeconds,
    double warmUpSeconds,
    @Nullable Chip chip,
    @Nullable String instanceType,
    @Nullable Price price) {

  private enum Through {
    SLOTS,
    ENGINE
  }

  /**
   * Reads the arguments.
   *
   * @throws UsageException if one is invalid, or two contradict each other
   * @throws IOException if a file that they name cannot be read
   */
  static BenchArguments parse(CommandLine arguments) throws IOException {
    Through through =
        EmbedderArguments.choice(arguments, "through", Through.SLOTS, Through.values());
    MatrixArguments matrix = MatrixArguments.of(arguments);
    Scenario scenario = LoadArguments.scenario(arguments);
    Precision precision = EmbedderArguments.precision(arguments);
    Rows.Texts texts = texts(arguments, scenario);
    Lengths lengths = LoadArguments.lengths(arguments, scenario);
    BenchModel model = BenchModel.of(arguments);
    BackendChoice backend = model.backend(arguments);
    boolean computed = model.computed(arguments, backend);
    JsonObject emulator = emulator(arguments);
    List<Cell> cells = matrix.cells(() -> Backends.cores(backend, emulator));
    check(cells, model.transformer().maxTokens(), backend, through, scenario);
    Path file = model.file(backend, precision, EmbedderArguments.preparedGraph(arguments));
    String instanceType = arguments.getOptionValue("instance-type");
    return new BenchArguments(
        model,
        backend,
        computed,
        emulator,
        file,
        precision,
        new Subject(
            model.transformer().name(),
            file.toString(),
            EmbedderArguments.name(backend),
            Backends.precision(backend, precision, computed),
            EmbedderArguments.name(through)),
        cells,
        matrix.preset(),
        scenario,
        lengths,
        texts,
        !arguments.hasOption("no-quality"),
        Numbers.positive(arguments, "duration", 10),
        Numbers.positive(arguments, "warm-up", 5),
        arguments.hasOption("chip")
            ? EmbedderArguments.choice(arguments, "chip", Chip.INF2, Chip.values())
            : null,
        instanceType,
        Price.of(
            instanceType,
            Numbers.optional(arguments, "cost-per-hour"),
            LocalDate.now(ZoneOffset.UTC)));
  }

  /** Makes the rows of the cells; owned by the caller. */
  Rows rows() {
    return new Rows(model, lengths, texts);
  }

  /** How the cells are measured. */
  Bench.Plan plan(Rows rows) {
    QualityCheck.Reference reference = quality && computed ? model.reference() : null;
    return new Bench.Plan(
        model.backends(backend, file, precision, emulator, computed),
        model.reader(),
        model.pairs(),
        subject.through().equals(EmbedderArguments.name(Through.ENGINE)),
        rows::of,
        texts.lines().size(),
        model.transformer().vocabularySize(),
        new CellFigures(
            price,
            chip,
            computed ? EncoderSize.of(model.transformer()) : null,
            cell -> preset == null ? null : preset.of(cell.published())),
        reference == null ? null : new QualityCheck(reference, model.reader()),
        withoutQuality(),
        scenario,
        (long) (durationSeconds * 1e9),
        (long) (warmUpSeconds * 1e9));
  }

  private String withoutQuality() {
    if (!computed) {
      return "the emulator computed no model";
    }
    return quality ? "a cross-encoder gives scores, not vectors" : "not asked for";
  }

  private static Rows.Texts texts(CommandLine arguments, Scenario scenario) throws IOException {
    if (!arguments.hasOption("texts")) {
      return new Rows.Texts("", List.of(), false);
    }
    Path file = LoadArguments.path(arguments, "texts");
    return new Rows.Texts(
        String.valueOf(file.getFileName()),
        TextRows.read(file),
        scenario.kind() == Scenario.Kind.OFFLINE);
  }

  private static void check(
      List<Cell> cells, int maxTokens, BackendChoice choice, Through through, Scenario scenario) {
    boolean onCpu = choice == BackendChoice.ONNX || choice == BackendChoice.CPU;
    for (Cell cell : cells) {
      if (cell.shape().isPacked() && onCpu) {
        throw new UsageException(
            "The packed shape %s goes with --backend neuron or emulator: a CPU pads nothing."
                .formatted(cell.shape()));
      }
      if (cell.shape().isPacked()
          && through == Through.SLOTS
          && scenario.kind() != Scenario.Kind.CLOSED) {
        throw new UsageException(
            ("Where rows come one by one, nobody fills the packed shape %s: take --through engine,"
                    + " or the closed scenario.")
                .formatted(cell.shape()));
      }
      if (cell.shape().sequenceLength() > maxTokens) {
        throw new UsageException(
            "The matrix has a sequence length of %s; the model takes %s tokens, not %s."
                .formatted(
                    cell.shape().sequenceLength(), maxTokens, cell.shape().sequenceLength()));
      }
      if (cell.inputPath() != null && onCpu) {
        throw new UsageException(
            "Input paths go with --backend neuron or emulator: a CPU has none.");
      }
      if (cell.slots() != 0 && through == Through.SLOTS) {
        throw new UsageException(
            "Slots go with --through engine: without it every worker has its own slot.");
      }
    }
  }

  private static JsonObject emulator(CommandLine arguments) throws IOException {
    if (!arguments.hasOption("emulator")) {
      return new JsonObject();
    }
    Path file = LoadArguments.path(arguments, "emulator");
    try (Reader in = Files.newBufferedReader(file)) {
      return Objects.requireNonNull(new Gson().fromJson(in, JsonObject.class));
    } catch (JsonParseException | NullPointerException e) {
      throw new UsageException("--emulator %s is not a JSON object.".formatted(file));
    }
  }
}
