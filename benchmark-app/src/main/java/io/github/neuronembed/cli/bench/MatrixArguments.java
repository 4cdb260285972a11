package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.load.Matrix;
import io.github.neuronembed.cli.bench.load.Preset;
import io.github.neuronembed.cli.bench.result.Cell;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * The cells that the command line asks for: by a preset, a file, or lists.
 *
 * @param arguments the command line
 * @param preset the published matrix; null if none was asked for
 */
record MatrixArguments(CommandLine arguments, @Nullable Preset preset) {

  /** The options that {@code --shapes} replaces. */
  private static final List<String> PLAIN_SHAPES =
      List.of("batch-sizes", "batch-size", "sequence-lengths", "sequence-length");

  private static final List<String> LISTS =
      Stream.concat(
              PLAIN_SHAPES.stream(),
              Stream.of("shapes", "n-models", "workers-per-model", "slots", "input-paths"))
          .toList();

  /**
   * Checks that the arguments give one matrix.
   *
   * @throws UsageException if they give two, or if no preset has that name
   */
  static MatrixArguments of(CommandLine arguments) {
    for (String whole : List.of("preset", "matrix")) {
      for (String list : LISTS) {
        if (arguments.hasOption(whole) && arguments.hasOption(list)) {
          throw new UsageException(
              "--%s is a whole matrix: it does not go with --%s.".formatted(whole, list));
        }
      }
    }
    for (String list : PLAIN_SHAPES) {
      if (arguments.hasOption("shapes") && arguments.hasOption(list)) {
        throw new UsageException("--shapes does not go with --%s: give one.".formatted(list));
      }
    }
    String name = arguments.getOptionValue("preset");
    if (name != null && arguments.hasOption("matrix")) {
      throw new UsageException("--preset is a whole matrix: it does not go with --matrix.");
    }
    for (Map.Entry<String, String> alias : BenchOptions.ALIASES.entrySet()) {
      if (arguments.hasOption(alias.getKey()) && arguments.hasOption(alias.getValue())) {
        throw new UsageException(
            "--%s is another name of --%s: give one.".formatted(alias.getKey(), alias.getValue()));
      }
    }
    return new MatrixArguments(arguments, name == null ? null : Preset.named(name));
  }

  /**
   * The cells.
   *
   * @param cores the number of cores; called only if the number of models is not given
   * @throws UsageException if a list or the file is invalid
   * @throws IOException if the file cannot be read
   */
  List<Cell> cells(IntSupplier cores) throws IOException {
    if (preset != null) {
      return preset.cells();
    }
    if (arguments.hasOption("matrix")) {
      return Matrix.read(LoadArguments.path(arguments, "matrix"));
    }
    return new Matrix(
            shapes(),
            arguments.hasOption("n-models") ? numbers("n-models", "") : oneAndAll(cores),
            numbers("workers-per-model", "1,2"),
            arguments.hasOption("slots") ? numbers("slots", "") : List.of(0),
            arguments.hasOption("input-paths")
                ? Matrix.inputPaths(
                    "input-paths", Objects.requireNonNull(arguments.getOptionValue("input-paths")))
                : List.of())
        .cells();
  }

  private List<Shape> shapes() {
    return arguments.hasOption("shapes")
        ? Matrix.shapes("shapes", arguments.getOptionValue("shapes"))
        : Matrix.plain(
            numbers(aliased("batch-sizes", "batch-size"), "1,4"),
            numbers(aliased("sequence-lengths", "sequence-length"), "64,256"));
  }

  /** NeuronPerf's default. */
  private static List<Integer> oneAndAll(IntSupplier cores) {
    return Stream.of(1, cores.getAsInt()).distinct().toList();
  }

  private String aliased(String option, String alias) {
    return arguments.hasOption(alias) ? alias : option;
  }

  private List<Integer> numbers(String option, String byDefault) {
    return Matrix.numbers(option, arguments.getOptionValue(option, byDefault));
  }
}
