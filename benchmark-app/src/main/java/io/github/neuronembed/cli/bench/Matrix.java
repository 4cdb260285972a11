package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.UsageException;
import java.util.ArrayList;
import java.util.List;

/**
 * The combinations to measure: every value of each list with every value of the others.
 *
 * @param batchSizes rows of an execution
 * @param sequenceLengths tokens of a row
 * @param models replicas at work
 * @param workersPerModel callers of each
 */
record Matrix(
    List<Integer> batchSizes,
    List<Integer> sequenceLengths,
    List<Integer> models,
    List<Integer> workersPerModel) {

  /** The cells: for each sequence length and batch size, all loads. */
  List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (int sequenceLength : sequenceLengths) {
      for (int batchSize : batchSizes) {
        for (int model : models) {
          for (int workers : workersPerModel) {
            cells.add(new Cell(new Shape(batchSize, sequenceLength), model, workers));
          }
        }
      }
    }
    return cells;
  }

  /**
   * Reads a list such as {@code 1,4,16}.
   *
   * @throws UsageException if it is not a list of positive whole numbers
   */
  static List<Integer> numbers(String option, String list) {
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
}
