package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.cli.bench.figures.Chip;
import io.github.neuronembed.cli.bench.load.Lengths;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.nrt.InputPath;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** The options of {@code bench}. */
final class BenchOptions {

  /** NeuronPerf's names for options that have another name here. */
  static final SortedMap<String, String> ALIASES =
      new TreeMap<>(Map.of("batch-size", "batch-sizes", "sequence-length", "sequence-lengths"));

  private BenchOptions() {}

  /** All options. */
  static Options all() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    matrixOptions(options);
    loadOptions(options);
    ValueOption.addTo(
        options,
        "cost-per-hour",
        "DOLLARS",
        "price of the machine per hour, for the cost per million rows; overrides a built-in price");
    ValueOption.addTo(
        options,
        "instance-type",
        "NAME",
        "type of the machine, for the reports; inf2 sizes have a built-in price");
    ValueOption.addTo(
        options,
        "chip",
        "NAME",
        "report the throughput relative to the peak of " + EmbedderArguments.names(Chip.values()));
    options.addOption(
        Option.builder()
            .longOpt("no-quality")
            .desc("do not compare the vectors with those of the model in fp32")
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
                "the emulator computes no model: an execution takes only its configured"
                    + " time, and no vectors are compared")
            .get());
    return options;
  }

  private static void matrixOptions(Options options) {
    ValueOption.addTo(
        options,
        "preset",
        "NAME",
        "run a published matrix and show each row's ratio to the published figure: "
            + Preset.names()
            + "; instead of the lists below");
    ValueOption.addTo(
        options,
        "matrix",
        "FILE",
        "run the cells of a CSV file with a header: batch_size, sequence_length,"
            + " n_models, workers_per_model and optionally texts_per_row, slots, input_path;"
            + " instead of the lists below");
    list(options, "batch-sizes", "rows per call (default 1,4)");
    list(options, "sequence-lengths", "tokens per row (default 64,256)");
    ALIASES.forEach((alias, option) -> list(options, alias, "the same as --" + option));
    ValueOption.addTo(
        options,
        "shapes",
        "SHAPE,...",
        "shapes in place of these two lists, packed ones too, such as 4x128,1x256p32: a slot is"
            + " filled with rows in each call; --through engine a call is one row");
    list(
        options,
        "n-models",
        "number of replicas (default 1; on NeuronCores and the emulator also one per core)");
    list(options, "workers-per-model", "callers per replica (default 1,2)");
    list(options, "slots", "slots per replica, with --through engine (default as many as workers)");
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
        "closed: a worker calls again when it is free (default); constant, poisson:"
            + " calls arrive at a --rate; trace: they arrive as in a --trace; max-rate:"
            + " the highest poisson rate whose p99 stays under --p99-bound; offline: each"
            + " of the --texts once. With arrivals, latency counts from the arrival");
    ValueOption.addTo(options, "rate", "ROWS", "rows that arrive per second");
    ValueOption.addTo(
        options,
        "trace",
        "FILE",
        "one line per call: its time after the start, for example 1.25s or 1250ms");
    ValueOption.addTo(options, "p99-bound", "MILLIS", "upper bound of the p99 for max-rate");
    ValueOption.addTo(
        options,
        "through",
        "NAME",
        "what workers call: slots, one per worker (default), or the engine, which"
            + " queues and batches");
    ValueOption.addTo(
        options,
        "lengths",
        "DISTRIBUTION",
        "number of tokens of the random rows: " + Lengths.SYNTAX + " (default full)");
    ValueOption.addTo(
        options,
        "texts",
        "FILE",
        "real texts instead of random rows, one per line, tokenized in the call");
    ValueOption.addTo(
        options,
        "query",
        "TEXT",
        "with the --texts of a cross-encoder: what each of them is paired with");
    ValueOption.addTo(
        options,
        "duration",
        "SECONDS",
        "how long each cell is measured (default 10); with max-rate each step of"
            + " the search; not with trace and offline, which have their own length");
    ValueOption.addTo(options, "warm-up", "SECONDS", "length of the warm-up (default 5)");
  }

  private static void list(Options options, String name, String what) {
    ValueOption.addTo(options, name, "N,N,...", what);
  }
}
