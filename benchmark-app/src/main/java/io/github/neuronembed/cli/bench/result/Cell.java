package io.github.neuronembed.cli.bench.result;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.nrt.InputPath;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One combination of the matrix.
 *
 * @param shape batch size, sequence length and texts of a row
 * @param models replicas that work at the same time
 * @param workersPerModel callers of each replica
 * @param slots of each replica; 0 for one for each worker
 * @param inputPath how inputs get to the device; null where there is no choice
 */
public record Cell(
    Shape shape, int models, int workersPerModel, int slots, @Nullable InputPath inputPath) {

  public Cell {
    // One slot for each worker is the same cell, whether requested or by default.
    slots = slots == workersPerModel ? 0 : slots;
  }

  /** A cell with a slot for each worker. */
  public Cell(Shape shape, int models, int workersPerModel) {
    this(shape, models, workersPerModel, 0, null);
  }

  /**
   * Rows of a call: the batch; with a packed shape one, which shares an execution with other
   * waiting rows. If a worker has a slot of its own, a call of a packed shape carries as many rows
   * as fit.
   */
  public int rowsPerCall() {
    return shape.isPacked() ? 1 : shape.batchSize();
  }

  public int workers() {
    return models * workersPerModel;
  }

  /** Slots of each replica. */
  public int slotsPerModel() {
    return slots == 0 ? workersPerModel : slots;
  }

  /** The input path as it is written; null where there is no choice. */
  public @Nullable String inputPathName() {
    return inputPath == null ? null : inputPath.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The cell as a publication would name it. */
  public Cell published() {
    return new Cell(shape, models, workersPerModel);
  }

  /** The cell as one word, for tools that accept only one word. */
  public String tag() {
    return "%s.m%s.w%s%s%s"
        .formatted(
            shape.argument(),
            models,
            workersPerModel,
            slots == 0 ? "" : ".s" + slots,
            inputPath == null ? "" : "." + inputPathName());
  }

  @Override
  public String toString() {
    return "%s, %s model%s, %s worker%s each%s%s"
        .formatted(
            shape,
            models,
            models == 1 ? "" : "s",
            workersPerModel,
            workersPerModel == 1 ? "" : "s",
            slots == 0 ? "" : ", %s slot%s each".formatted(slots, slots == 1 ? "" : "s"),
            inputPath == null ? "" : ", " + inputPathName());
  }
}
