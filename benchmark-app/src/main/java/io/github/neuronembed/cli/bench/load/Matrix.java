package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import io.github.neuronembed.nrt.InputPath;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * The combinations to measure: every value of each list with every value of the others.
 *
 * @param shapes of an execution
 * @param models replicas that work at the same time
 * @param workersPerModel callers of each
 * @param slots of each replica; 0 for one for each worker
 * @param inputPaths how inputs get to the device; empty where there is no choice
 */
public record Matrix(
    List<Shape> shapes,
    List<Integer> models,
    List<Integer> workersPerModel,
    List<Integer> slots,
    List<InputPath> inputPaths) {

  /** Plain shapes: for each sequence length, every batch size. */
  public static List<Shape> plain(List<Integer> batchSizes, List<Integer> sequenceLengths) {
    return sequenceLengths.stream()
        .flatMap(length -> batchSizes.stream().map(batch -> new Shape(batch, length)))
        .toList();
  }

  /** The cells: for each shape, all loads. */
  public List<Cell> cells() {
    List<@Nullable InputPath> paths = new ArrayList<>(inputPaths);
    if (paths.isEmpty()) {
      paths.add(null);
    }
    List<Cell> cells = new ArrayList<>();
    for (Shape shape : shapes) {
      for (int model : models) {
        for (int workers : workersPerModel) {
          for (int slot : slots) {
            for (InputPath path : paths) {
              cells.add(new Cell(shape, model, workers, slot, path));
            }
          }
        }
      }
    }
    return cells;
  }

  /**
   * Reads cells from a CSV file with a header, one line for each cell. It has the columns {@code
   * batch_size}, {@code sequence_length}, {@code n_models}, {@code workers_per_model}, and
   * optionally {@code texts_per_row}, {@code slots} and {@code input_path}. Other columns are
   * skipped, so a file of results also works as a file of cells.
   *
   * @throws UsageException if a column or value is missing or wrong
   * @throws IOException if it cannot be read
   */
  public static List<Cell> read(Path file) throws IOException {
    Set<Cell> cells = new LinkedHashSet<>();
    CSVFormat format =
        CSVFormat.DEFAULT
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .setTrim(true)
            .setCommentMarker('#')
            .get();
    try (Reader in = Files.newBufferedReader(file);
        CSVParser lines = format.parse(in)) {
      for (CSVRecord line : lines) {
        String path = optional(line, "input_path");
        String through = optional(line, "through");
        // If workers had slots of their own, a file of results contains the number of these slots.
        String slots = "slots".equals(through) ? null : optional(line, "slots");
        cells.add(
            new Cell(
                new Shape(
                    number(file, line, "batch_size"),
                    number(file, line, "sequence_length"),
                    optional(line, "texts_per_row") == null
                        ? 1
                        : number(file, line, "texts_per_row")),
                number(file, line, "n_models"),
                number(file, line, "workers_per_model"),
                slots == null ? 0 : number(file, line, "slots"),
                path == null ? null : inputPath("matrix " + file, path)));
      }
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new UsageException(
          "--matrix %s is not a CSV file with a header: %s".formatted(file, e.getMessage()));
    }
    if (cells.isEmpty()) {
      throw new UsageException("--matrix %s has no line after its header.".formatted(file));
    }
    return List.copyOf(cells);
  }

  private static @Nullable String optional(CSVRecord line, String column) {
    if (!line.isSet(column)) {
      return null;
    }
    String value = line.get(column);
    return value.isEmpty() || value.equals(ThreePlaces.MISSING) ? null : value;
  }

  private static int number(Path file, CSVRecord line, String column) {
    if (!line.isMapped(column)) {
      throw new UsageException("--matrix %s has no column %s.".formatted(file, column));
    }
    String value = line.isSet(column) ? line.get(column) : "";
    try {
      int number = Integer.parseInt(value);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException(
        "--matrix %s, line %s: %s is a positive whole number, not '%s'."
            .formatted(file, line.getRecordNumber() + 1, column, value));
  }

  /**
   * Reads a list such as {@code 4x128,1x256p32}.
   *
   * @throws UsageException if it is not a list of shapes
   */
  public static List<Shape> shapes(String option, String list) {
    List<Shape> shapes = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      try {
        shapes.add(Shape.parse(part.strip()));
      } catch (IllegalArgumentException e) {
        throw new UsageException("--%s: %s".formatted(option, e.getMessage()));
      }
    }
    return List.copyOf(shapes);
  }

  /**
   * Reads a list such as {@code 1,4,16}.
   *
   * @throws UsageException if it is not a list of positive whole numbers
   */
  public static List<Integer> numbers(String option, String list) {
    List<Integer> numbers = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      try {
        int number = Integer.parseInt(part.strip());
        if (number > 0) {
          numbers.add(number);
          continue;
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new UsageException(
          "--%s takes positive whole numbers with commas between, not '%s'."
              .formatted(option, list));
    }
    return List.copyOf(numbers);
  }

  /**
   * Reads a list such as {@code write-batch,slices}.
   *
   * @throws UsageException if it is not a list of input paths
   */
  public static List<InputPath> inputPaths(String option, String list) {
    List<InputPath> paths = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      paths.add(inputPath(option, part.strip()));
    }
    return List.copyOf(paths);
  }

  private static InputPath inputPath(String option, String name) {
    for (InputPath path : InputPath.values()) {
      if (path.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
        return path;
      }
    }
    throw new UsageException("--%s: there is no input path '%s'.".formatted(option, name));
  }
}
