package io.github.neuronembed.cli.advise;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.report.RunReader;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measured times of shapes: the JSON file that {@code bench --output-dir} writes, of which each
 * shape's least mean time of computing counts, or a line for each shape, {@code SHAPE
 * MICROSECONDS}.
 */
final class TimesFile {

  private TimesFile() {}

  /**
   * Reads a file.
   *
   * @return nanoseconds of an execution, by shape
   * @throws UsageException if it is neither, or has no times
   */
  static Map<Shape, Long> read(Path file) throws IOException {
    Map<Shape, Long> nanos = file.toString().endsWith(".json") ? ofBench(file) : ofLines(file);
    if (nanos.isEmpty()) {
      throw new UsageException("%s has no times of shapes.".formatted(file));
    }
    return nanos;
  }

  private static Map<Shape, Long> ofBench(Path file) throws IOException {
    Map<Shape, Long> nanos = new TreeMap<>();
    for (CellResult cell : RunReader.read(file).cells()) {
      Figures figures = cell.figures();
      if (figures != null && figures.stages().execute() > 0) {
        nanos.merge(cell.cell().shape(), Math.round(figures.stages().execute() * 1e6), Math::min);
      }
    }
    return nanos;
  }

  private static Map<Shape, Long> ofLines(Path file) throws IOException {
    Map<Shape, Long> nanos = new TreeMap<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String[] parts = line.strip().split("\\s+", -1);
      try {
        double micros = Double.parseDouble(parts.length == 2 ? parts[1] : "");
        if (!(micros > 0 && micros < 1e9)) {
          throw new NumberFormatException();
        }
        nanos.put(Shape.parse(parts[0]), Math.round(micros * 1e3));
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "%s, line %s: expected SHAPE MICROSECONDS, for example 1x512p64 5000."
                .formatted(file, number));
      }
    }
    return nanos;
  }
}
