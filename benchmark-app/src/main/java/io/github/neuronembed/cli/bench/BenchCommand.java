package io.github.neuronembed.cli.bench;

import com.google.gson.JsonObject;
import com.sun.management.OperatingSystemMXBean;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.backend.neuron.EmulatedBackend;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.backend.neuron.NeuronBackend;
import io.github.neuronembed.backend.onnx.OnnxBackend;
import io.github.neuronembed.backend.onnx.OnnxOptions;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.engine.VectorReader;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.nrt.InputPath;
import io.github.neuronembed.nrt.RuntimeOptions;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** Measures latency, throughput and cost over a matrix of loads. */
public final class BenchCommand implements Command {

  /** Ids from here on are words in BERT's vocabularies; those before are special or unused. */
  private static final int FIRST_TOKEN_ID = 1000;

  private static final DateTimeFormatter FILE_TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  /** An open loop may take so many times its duration to serve what arrived. */
  private static final int BACKLOG_LIMIT = 2;

  private static final long EXIT_PATIENCE_SECONDS = 30;

  private static final List<String> MATRIX_OPTIONS =
      List.of("batch-sizes", "sequence-lengths", "n-models", "workers-per-model");

  private enum Format {
    TABLE,
    CSV,
    JSON
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
    value(
        options,
        "preset",
        "NAME",
        "run a published matrix, each row beside its ratio: "
            + Preset.names()
            + "; instead of the four lists below");
    list(options, "batch-sizes", "rows of a call (default 1,4)");
    list(options, "sequence-lengths", "tokens of a row (default 64,256)");
    list(options, "n-models", "replicas at work (default 1)");
    list(options, "workers-per-model", "callers of each replica (default 1,2)");
    value(
        options,
        "scenario",
        "NAME",
        "closed: a worker calls again when it is free (default); constant, poisson: calls arrive at"
            + " a --rate and latency counts from their arrival");
    value(options, "rate", "ROWS", "rows that arrive in a second");
    value(options, "duration", "SECONDS", "how long each cell is measured (default 10)");
    value(options, "warm-up", "SECONDS", "how long it may take to become steady (default 5)");
    value(
        options,
        "cost-per-hour",
        "DOLLARS",
        "price of the machine, for the cost per million; wins over a built-in price");
    value(
        options,
        "instance-type",
        "NAME",
        "what machine that is, for the reports; inf2.xlarge has a built-in price");
    value(
        options,
        "output-dir",
        "DIR",
        "write MODEL.results-TIME.csv, .json and .html there as well");
    value(
        options,
        "hlog",
        "FILE",
        "write the latencies of every second as an HdrHistogram log, tagged by cell");
    value(
        options,
        "format",
        "FORMAT",
        "on standard output: " + EmbedderArguments.names(Format.values()) + " (default table)");
    return options;
  }

  private static void list(Options options, String name, String what) {
    value(options, name, "N,N,...", what);
  }

  private static void value(Options options, String name, String argument, String what) {
    options.addOption(Option.builder().longOpt(name).hasArg().argName(argument).desc(what).get());
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    Preset preset = preset(arguments);
    List<Cell> cells = preset == null ? matrix(arguments).cells() : preset.cells();
    Scenario scenario =
        Scenario.of(
            EmbedderArguments.choice(
                arguments, "scenario", Scenario.Kind.CLOSED, Scenario.Kind.values()),
            arguments.hasOption("rate") ? positive(arguments, "rate", 0) : null);
    double duration = positive(arguments, "duration", 10);
    double warmUp = positive(arguments, "warm-up", 5);
    Double costPerHour =
        arguments.hasOption("cost-per-hour") ? positive(arguments, "cost-per-hour", 0) : null;
    Format format = EmbedderArguments.choice(arguments, "format", Format.TABLE, Format.values());
    Path outputDirectory =
        arguments.hasOption("output-dir") ? Path.of(arguments.getOptionValue("output-dir")) : null;
    if (outputDirectory != null) {
      Files.createDirectories(outputDirectory);
    }
    BackendChoice backend =
        EmbedderArguments.choice(arguments, "backend", BackendChoice.AUTO, BackendChoice.values());
    Precision precision =
        EmbedderArguments.choice(arguments, "precision", Precision.FP32, Precision.values());
    ModelDirectory model =
        ModelArgument.resolve(arguments.getOptionValue("model", "bge-small-en-v1.5"));
    for (Cell cell : cells) {
      if (cell.shape().sequenceLength() > model.maxTokens()) {
        throw new UsageException(
            "--%s: the model takes %d tokens, not %d."
                .formatted(
                    preset == null ? "sequence-lengths" : "preset",
                    model.maxTokens(),
                    cell.shape().sequenceLength()));
      }
    }

    StopSignal stop = new StopSignal();
    CountDownLatch reported = new CountDownLatch(1);
    Thread onExit = new Thread(() -> endEarly(stop, reported), "neuron-embed-bench-exit");
    Runtime.getRuntime().addShutdownHook(onExit);
    try {
      Path file = modelFile(model, backend, precision);
      BenchBackends backends = backends(model, backend, precision);
      BenchRun run =
          measure(
              cells,
              preset,
              model,
              file,
              backends,
              scenario,
              duration,
              warmUp,
              costPerHour,
              arguments,
              stop,
              streams);
      report(run, format, outputDirectory, streams);
      if (arguments.hasOption("hlog")) {
        try (OutputStream out = Files.newOutputStream(Path.of(arguments.getOptionValue("hlog")))) {
          LatencyLog.write(run, out);
        }
      }
      boolean failed = run.results().stream().anyMatch(result -> result.failure() != null);
      return failed || stop.isRequested() ? ExitCode.FAILED : ExitCode.DONE;
    } finally {
      reported.countDown();
      if (!stop.isRequested()) {
        Runtime.getRuntime().removeShutdownHook(onExit);
      }
    }
  }

  private static Path modelFile(ModelDirectory model, BackendChoice backend, Precision precision) {
    return backend == BackendChoice.NEURON ? model.neuronManifestFile() : model.onnxFile(precision);
  }

  private static BenchBackends backends(
      ModelDirectory model, BackendChoice backend, Precision precision) {
    return switch (backend) {
      case AUTO, ONNX -> {
        Path file = model.onnxFile(precision);
        yield cell ->
            OnnxBackend.open(
                file, model.padTokenId(), new OnnxOptions(cell.models(), 1, List.of(cell.shape())));
      }
      case NEURON -> {
        NeuronManifest manifest = NeuronManifest.read(model.neuronManifestFile());
        yield cell ->
            NeuronBackend.open(
                manifest,
                model.padTokenId(),
                RuntimeOptions.defaults().withCoreCount(cell.models()));
      }
      case EMULATOR ->
          cell ->
              EmulatedBackend.open(
                  model,
                  List.of(cell.shape()),
                  EmulatedModels.DEFAULT,
                  InputPath.WRITE_BATCH,
                  cell.models(),
                  new JsonObject());
    };
  }

  private static @Nullable Preset preset(CommandLine arguments) {
    String name = arguments.getOptionValue("preset");
    if (name == null) {
      return null;
    }
    for (String list : MATRIX_OPTIONS) {
      if (arguments.hasOption(list)) {
        throw new UsageException(
            "--preset is a whole matrix: it does not go with --%s.".formatted(list));
      }
    }
    return Preset.named(name);
  }

  private static Matrix matrix(CommandLine arguments) {
    return new Matrix(
        Matrix.numbers("batch-sizes", arguments.getOptionValue("batch-sizes", "1,4")),
        Matrix.numbers("sequence-lengths", arguments.getOptionValue("sequence-lengths", "64,256")),
        Matrix.numbers("n-models", arguments.getOptionValue("n-models", "1")),
        Matrix.numbers("workers-per-model", arguments.getOptionValue("workers-per-model", "1,2")));
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

  private static BenchRun measure(
      List<Cell> cells,
      @Nullable Preset preset,
      ModelDirectory model,
      Path file,
      BenchBackends backends,
      Scenario scenario,
      double durationSeconds,
      double warmUpSeconds,
      @Nullable Double costPerHour,
      CommandLine arguments,
      StopSignal stop,
      Streams streams)
      throws InterruptedException {
    LocalDateTime start = LocalDateTime.now(ZoneOffset.UTC);
    List<CellResult> results = new ArrayList<>();
    String description = "nothing";
    boolean emulated = false;
    try (Progress progress = Progress.start("measuring", "cells", cells.size(), streams)) {
      for (Cell cell : cells) {
        if (stop.isRequested()) {
          break;
        }
        try (InferenceBackend backend = backends.open(cell)) {
          description = backend.description();
          emulated = backend.emulated();
          Workers workers =
              new Workers(
                  backend,
                  new VectorReader(model.pooling(), model.normalize()),
                  cell,
                  Math.min(FIRST_TOKEN_ID, model.vocabularySize() - 1),
                  model.vocabularySize(),
                  stop);
          results.add(
              measure(cell, workers, scenario, seconds(durationSeconds), seconds(warmUpSeconds)));
        } catch (EmbeddingException | IllegalArgumentException | IllegalStateException e) {
          results.add(CellResult.failed(cell, String.valueOf(e.getMessage())));
        }
        progress.step();
      }
    }
    String instanceType = arguments.getOptionValue("instance-type");
    return new BenchRun(
        model.name(),
        file.toString(),
        description,
        deviceType(emulated, arguments),
        emulated,
        instanceType,
        Price.of(instanceType, costPerHour),
        preset,
        scenario,
        durationSeconds,
        start,
        LocalDateTime.now(ZoneOffset.UTC),
        environment(),
        results);
  }

  private static String deviceType(boolean emulated, CommandLine arguments) {
    if (emulated) {
      return "emulated";
    }
    return "neuron".equals(arguments.getOptionValue("backend")) ? "neuron" : "cpu";
  }

  private static CellResult measure(
      Cell cell, Workers workers, Scenario scenario, Duration duration, Duration warmUp)
      throws InterruptedException {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long cpuBefore = system.getProcessCpuTime();
    long before = System.nanoTime();
    List<Timers> timers =
        workers.run(
            scenario.arrivals(cell, duration.toNanos()),
            BACKLOG_LIMIT * duration.toNanos(),
            warmUp.toNanos());
    double cpu =
        100.0
            * (system.getProcessCpuTime() - cpuBefore)
            / (System.nanoTime() - before)
            / system.getAvailableProcessors();
    return CellResult.of(cell, timers, cpu, residentMegabytes());
  }

  /** From Linux's own account of the process; elsewhere unknown. */
  private static double residentMegabytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
        }
      }
    } catch (IOException e) {
      // No such account here.
    }
    return Double.NaN;
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private static Map<String, String> environment() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "jvm",
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
    facts.put(
        "jvm_arguments",
        String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()));
    facts.put(
        "os",
        String.join(
            " ",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")));
    facts.put("processors", "" + Runtime.getRuntime().availableProcessors());
    return facts;
  }

  private static void report(
      BenchRun run, Format format, @Nullable Path outputDirectory, Streams streams)
      throws IOException {
    if (outputDirectory != null) {
      String name = "%s.results-%s".formatted(run.modelName(), FILE_TIME.format(run.start()));
      Path csv = outputDirectory.resolve(name + ".csv");
      Path json = outputDirectory.resolve(name + ".json");
      try (Writer out = Files.newBufferedWriter(csv)) {
        CsvReport.write(run, out);
      }
      try (Writer out = Files.newBufferedWriter(json)) {
        JsonReport.write(run, out);
      }
      Path html = outputDirectory.resolve(name + ".html");
      try (Writer out = Files.newBufferedWriter(html)) {
        HtmlReport.write(run, out);
      }
      streams.err().println("neuron-embed: wrote %s, .json and .html".formatted(csv));
    }
    Writer out = new BufferedWriter(new OutputStreamWriter(streams.out(), StandardCharsets.UTF_8));
    switch (format) {
      case TABLE -> TableReport.write(run, out);
      case CSV -> CsvReport.write(run, out);
      case JSON -> JsonReport.write(run, out);
    }
    out.flush();
  }

  private static double positive(CommandLine arguments, String option, double byDefault) {
    String given = arguments.getOptionValue(option);
    if (given == null) {
      return byDefault;
    }
    try {
      double value = Double.parseDouble(given);
      if (value > 0 && !Double.isInfinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("--%s takes a positive number, not '%s'.".formatted(option, given));
  }
}
