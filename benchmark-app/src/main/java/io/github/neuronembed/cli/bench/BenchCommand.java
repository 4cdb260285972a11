package io.github.neuronembed.cli.bench;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** Measures latency, throughput and cost over a matrix of loads. */
public final class BenchCommand implements Command {

  private static final Pattern COUNTS = Pattern.compile("(, | \\()\\d+ (session|NeuronCore).*");
  private static final long EXIT_PATIENCE_SECONDS = 30;
  private static final long SEED = 1;

  private static final List<String> MATRIX_OPTIONS =
      List.of(
          "batch-sizes",
          "sequence-lengths",
          "n-models",
          "workers-per-model",
          "slots",
          "input-paths");

  private enum Through {
    SLOTS,
    ENGINE
  }

  @Override
  public String name() {
    return "bench";
  }

  @Override
  public String summary() {
    return "Measure latency, throughput and cost.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    matrixOptions(options);
    loadOptions(options);
    ValueOption.addTo(
        options,
        "cost-per-hour",
        "DOLLARS",
        "price of the machine, for the cost per million; wins over a built-in price");
    ValueOption.addTo(
        options,
        "instance-type",
        "NAME",
        "what machine that is, for the reports; inf2.xlarge has a built-in price");
    ValueOption.addTo(
        options,
        "chip",
        "NAME",
        "hold the throughput against the peak of " + EmbedderArguments.names(Chip.values()));
    options.addOption(
        Option.builder()
            .longOpt("no-quality")
            .desc("leave out the least cosine to the vectors of the model in fp32")
            .get());
    ValueOption.addTo(
        options,
        "emulator",
        "FILE",
        "configuration of the emulator, a JSON file as its README describes it");
    options.addOption(
        Option.builder()
            .longOpt("emulated-hash")
            .desc(
                "the emulator computes no model, which takes time of its own: its configured timing"
                    + " alone counts, and no vectors are compared")
            .get());
    ReportFiles.addTo(options);
    return options;
  }

  private static void matrixOptions(Options options) {
    ValueOption.addTo(
        options,
        "preset",
        "NAME",
        "run a published matrix, each row beside its ratio: "
            + Preset.names()
            + "; instead of the lists below");
    ValueOption.addTo(
        options,
        "matrix",
        "FILE",
        "run the cells of a CSV file with a header: batch_size, sequence_length, n_models,"
            + " workers_per_model and maybe slots, input_path; instead of the lists below");
    list(options, "batch-sizes", "rows of a call (default 1,4)");
    list(options, "sequence-lengths", "tokens of a row (default 64,256)");
    list(options, "n-models", "replicas at work (default 1)");
    list(options, "workers-per-model", "callers of each replica (default 1,2)");
    list(
        options,
        "slots",
        "slots of each replica, with --through engine (default as many as workers)");
    ValueOption.addTo(
        options,
        "input-paths",
        "NAME,...",
        "how inputs get to the device: " + EmbedderArguments.names(InputPath.values()));
  }

  private static void loadOptions(Options options) {
    ValueOption.addTo(
        options,
        "scenario",
        "NAME",
        "closed: a worker calls again when it is free (default); constant, poisson: calls arrive at"
            + " a --rate; trace: they arrive as in a --trace; max-rate: the highest poisson rate"
            + " whose p99 stays under --p99-bound; offline: each of the --texts once. Where calls"
            + " arrive, latency counts from their arrival");
    ValueOption.addTo(options, "rate", "ROWS", "rows that arrive in a second");
    ValueOption.addTo(
        options,
        "trace",
        "FILE",
        "a line for each call: how long after the beginning, such as 1.25s or 1250ms");
    ValueOption.addTo(options, "p99-bound", "MILLIS", "what the p99 of max-rate stays under");
    ValueOption.addTo(
        options,
        "through",
        "NAME",
        "what workers call: slots, each its own (default), or the engine, which queues and"
            + " batches");
    ValueOption.addTo(
        options,
        "lengths",
        "DISTRIBUTION",
        "tokens of the random rows: " + Lengths.SYNTAX + " (default full)");
    ValueOption.addTo(
        options, "texts", "FILE", "real texts instead, one a line, tokenized in the call");
    ValueOption.addTo(
        options,
        "duration",
        "SECONDS",
        "how long each cell is measured (default 10); with max-rate each step of the search; not"
            + " with trace and offline, which are as long as they are");
    ValueOption.addTo(
        options, "warm-up", "SECONDS", "how long it may take to become steady (default 5)");
  }

  private static void list(Options options, String name, String what) {
    ValueOption.addTo(options, name, "N,N,...", what);
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    Through through =
        EmbedderArguments.choice(arguments, "through", Through.SLOTS, Through.values());
    Preset preset = preset(arguments);
    List<Cell> cells = cells(arguments, preset);
    Scenario scenario = scenario(arguments);
    Precision precision = EmbedderArguments.precision(arguments);
    double duration = Numbers.positive(arguments, "duration", 10);
    double warmUp = Numbers.positive(arguments, "warm-up", 5);
    Chip chip =
        arguments.hasOption("chip")
            ? EmbedderArguments.choice(arguments, "chip", Chip.INF2, Chip.values())
            : null;
    String instanceType = arguments.getOptionValue("instance-type");
    Price price =
        Price.of(
            instanceType,
            Numbers.optional(arguments, "cost-per-hour"),
            LocalDate.now(ZoneOffset.UTC));
    ReportFiles files = ReportFiles.of(arguments, streams);
    List<String> texts =
        arguments.hasOption("texts") ? TextRows.read(path(arguments, "texts")) : List.of();
    Lengths lengths = lengths(arguments, scenario);
    ModelDirectory model = EmbedderArguments.model(arguments);
    BackendChoice choice = Backends.choice(arguments, model);
    boolean computed = Backends.computes(arguments, model, choice);
    JsonObject emulator = emulator(arguments);
    check(cells, model, choice, through);
    // Before the hook below, which would wait for a report if there is no such file.
    Path file = Backends.file(model, choice, precision, EmbedderArguments.preparedGraph(arguments));

    StopSignal stop = new StopSignal();
    CountDownLatch reported = new CountDownLatch(1);
    Thread onExit = new Thread(() -> endEarly(stop, reported), "neuron-embed-bench-exit");
    Runtime.getRuntime().addShutdownHook(onExit);
    try (Tokenizer tokenizer = new Tokenizer(model)) {
      VectorReader reader = new VectorReader(model.pooling(), model.normalize());
      Function<Cell, Inputs> inputs =
          cell ->
              texts.isEmpty()
                  ? new TokenRows(
                      lengths, cell.shape().sequenceLength(), model.vocabularySize(), SEED)
                  : new TextRows(
                      String.valueOf(path(arguments, "texts").getFileName()),
                      texts,
                      tokenizer.get(),
                      cell.shape().sequenceLength(),
                      scenario.kind() == Scenario.Kind.OFFLINE);
      Bench.Plan plan =
          new Bench.Plan(
              Backends.of(model, choice, file, precision, emulator, computed),
              reader,
              through == Through.ENGINE,
              inputs,
              texts.size(),
              model.vocabularySize(),
              arguments.hasOption("no-quality") || !computed
                  ? null
                  : new QualityCheck(length -> Backends.reference(model, length), reader),
              computed ? "not asked for" : "the emulator computed no model",
              scenario,
              (long) (duration * 1e9),
              (long) (warmUp * 1e9));
      Run run =
          new Run(
              new Subject(
                  model.name(),
                  file.toString(),
                  EmbedderArguments.name(choice),
                  Backends.precision(choice, precision, computed),
                  EmbedderArguments.name(through),
                  EncoderSize.of(model)),
              instanceType,
              price,
              chip,
              preset,
              scenario,
              inputs.apply(cells.get(0)).description(),
              duration,
              cells);
      BenchRun done = measure(plan, run, files, stop, streams);
      files.print(done);
      boolean failed = done.results().stream().anyMatch(result -> result.failure() != null);
      return failed || stop.isRequested() ? ExitCode.FAILED : ExitCode.DONE;
    } finally {
      reported.countDown();
      if (!stop.isRequested()) {
        try {
          Runtime.getRuntime().removeShutdownHook(onExit);
        } catch (IllegalStateException e) {
          // The end of the process began just now; the hook has nothing to wait for.
        }
      }
    }
  }

  /** What every state of the run has in common. */
  private record Run(
      Subject subject,
      @Nullable String instanceType,
      @Nullable Price price,
      @Nullable Chip chip,
      @Nullable Preset preset,
      Scenario scenario,
      String inputs,
      double durationSeconds,
      List<Cell> cells) {}

  /** The reports are written anew after every cell: whatever ends the process, those are kept. */
  private static BenchRun measure(
      Bench.Plan plan, Run run, ReportFiles files, StopSignal stop, Streams streams)
      throws IOException, InterruptedException {
    LocalDateTime start = LocalDateTime.now(ZoneOffset.UTC);
    Set<String> backends = new LinkedHashSet<>();
    boolean[] emulated = {run.subject().backend().equals("emulator")};
    Bench bench =
        new Bench(
            plan,
            stop,
            backend -> {
              backends.add(backend.description());
              emulated[0] |= backend.emulated();
            });
    List<CellResult> results = new ArrayList<>();
    BenchRun state = null;
    try (Progress progress = Progress.start("measuring", "cells", run.cells().size(), streams)) {
      for (Cell cell : run.cells()) {
        if (stop.isRequested()) {
          break;
        }
        results.add(bench.measure(cell));
        state = state(run, backend(backends), emulated[0], start, results);
        files.write(state);
        progress.step();
      }
    }
    return state == null ? state(run, backend(backends), emulated[0], start, results) : state;
  }

  /** What ran in all cells: without how many sessions or cores, if that differs. */
  static String backend(Set<String> descriptions) {
    String first = descriptions.isEmpty() ? "nothing" : descriptions.iterator().next();
    return descriptions.size() > 1 ? COUNTS.matcher(first).replaceFirst("") : first;
  }

  private static BenchRun state(
      Run run, String backend, boolean emulated, LocalDateTime start, List<CellResult> results) {
    return new BenchRun(
        run.subject(),
        backend,
        emulated ? "emulated" : run.subject().backend().equals("neuron") ? "neuron" : "cpu",
        emulated,
        run.instanceType(),
        run.price(),
        run.chip(),
        run.preset(),
        run.scenario(),
        run.inputs(),
        run.durationSeconds(),
        start,
        LocalDateTime.now(ZoneOffset.UTC),
        Environment.facts(backend),
        run.cells().size(),
        List.copyOf(results));
  }

  private static void check(
      List<Cell> cells, ModelDirectory model, BackendChoice choice, Through through) {
    for (Cell cell : cells) {
      if (cell.shape().sequenceLength() > model.maxTokens()) {
        throw new UsageException(
            "The matrix has a sequence length of %s; the model takes %s tokens, not %s."
                .formatted(
                    cell.shape().sequenceLength(),
                    model.maxTokens(),
                    cell.shape().sequenceLength()));
      }
      if (cell.inputPath() != null
          && (choice == BackendChoice.ONNX || choice == BackendChoice.CPU)) {
        throw new UsageException(
            "Input paths go with --backend neuron or emulator: a CPU has none.");
      }
      if (cell.slots() != 0 && through == Through.SLOTS) {
        throw new UsageException(
            "Slots go with --through engine: else every worker has its own slot.");
      }
    }
  }

  private static Scenario scenario(CommandLine arguments) throws IOException {
    Scenario.Kind kind =
        EmbedderArguments.choice(
            arguments, "scenario", Scenario.Kind.CLOSED, Scenario.Kind.values());
    Trace trace = arguments.hasOption("trace") ? Trace.read(path(arguments, "trace")) : null;
    Scenario scenario =
        Scenario.of(
            kind,
            Numbers.optional(arguments, "rate"),
            trace,
            Numbers.optional(arguments, "p99-bound"));
    if (kind == Scenario.Kind.OFFLINE && !arguments.hasOption("texts")) {
      throw new UsageException("--scenario offline needs --texts FILE: what to pass over.");
    }
    if ((kind == Scenario.Kind.OFFLINE || kind == Scenario.Kind.TRACE)
        && arguments.hasOption("duration")) {
      throw new UsageException(
          "--duration has no meaning here: a trace and a pass are as long as they are.");
    }
    return scenario;
  }

  private static Lengths lengths(CommandLine arguments, Scenario scenario) {
    String given = arguments.getOptionValue("lengths");
    if (given == null) {
      return Lengths.FULL;
    }
    if (arguments.hasOption("texts") || scenario.kind() == Scenario.Kind.OFFLINE) {
      throw new UsageException("--lengths are those of random rows; --texts have their own.");
    }
    return Lengths.parse(given);
  }

  private static Path path(CommandLine arguments, String option) {
    return Path.of(Objects.requireNonNull(arguments.getOptionValue(option)));
  }

  private static JsonObject emulator(CommandLine arguments) throws IOException {
    if (!arguments.hasOption("emulator")) {
      return new JsonObject();
    }
    Path file = path(arguments, "emulator");
    try (Reader in = Files.newBufferedReader(file)) {
      return Objects.requireNonNull(new Gson().fromJson(in, JsonObject.class));
    } catch (JsonParseException | NullPointerException e) {
      throw new UsageException("--emulator %s is not a JSON object.".formatted(file));
    }
  }

  private static @Nullable Preset preset(CommandLine arguments) {
    String name = arguments.getOptionValue("preset");
    for (String whole : List.of("preset", "matrix")) {
      for (String list : MATRIX_OPTIONS) {
        if (arguments.hasOption(whole) && arguments.hasOption(list)) {
          throw new UsageException(
              "--%s is a whole matrix: it does not go with --%s.".formatted(whole, list));
        }
      }
    }
    if (name != null && arguments.hasOption("matrix")) {
      throw new UsageException("--preset is a whole matrix: it does not go with --matrix.");
    }
    return name == null ? null : Preset.named(name);
  }

  private static List<Cell> cells(CommandLine arguments, @Nullable Preset preset)
      throws IOException {
    if (preset != null) {
      return preset.cells();
    }
    if (arguments.hasOption("matrix")) {
      return Matrix.read(path(arguments, "matrix"));
    }
    return new Matrix(
            numbers(arguments, "batch-sizes", "1,4"),
            numbers(arguments, "sequence-lengths", "64,256"),
            numbers(arguments, "n-models", "1"),
            numbers(arguments, "workers-per-model", "1,2"),
            arguments.hasOption("slots") ? numbers(arguments, "slots", "") : List.of(0),
            arguments.hasOption("input-paths")
                ? Matrix.inputPaths(
                    "input-paths", Objects.requireNonNull(arguments.getOptionValue("input-paths")))
                : List.of())
        .cells();
  }

  private static List<Integer> numbers(CommandLine arguments, String option, String byDefault) {
    return Matrix.numbers(option, arguments.getOptionValue(option, byDefault));
  }

  /** Ctrl-C: the workers end, and what was measured is written before the process goes. */
  private static void endEarly(StopSignal stop, CountDownLatch reported) {
    stop.request();
    try {
      if (!reported.await(EXIT_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The model's tokenizer, opened when a text comes. */
  private static final class Tokenizer implements AutoCloseable {

    private final ModelDirectory model;
    private @Nullable TextTokenizer opened;

    Tokenizer(ModelDirectory model) {
      this.model = model;
    }

    Function<String, int[]> get() {
      if (opened == null) {
        opened = TextTokenizer.open(model);
      }
      TextTokenizer tokenizer = opened;
      return text -> tokenizer.encode(text, InputType.PASSAGE);
    }

    @Override
    public void close() {
      if (opened != null) {
        opened.close();
      }
    }
  }
}
