package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.Shape;

/**
 * One combination of the matrix.
 *
 * @param shape batch size and sequence length
 * @param models replicas that work at the same time
 * @param workersPerModel callers of each replica, each with its own slot
 */
record Cell(Shape shape, int models, int workersPerModel) {

  int workers() {
    return models * workersPerModel;
  }

  /** One word, for tools that take no others. */
  String tag() {
    return "%dx%d.m%d.w%d"
        .formatted(shape.batchSize(), shape.sequenceLength(), models, workersPerModel);
  }

  @Override
  public String toString() {
    return "%s, %d model%s, %d worker%s each"
        .formatted(
            shape,
            models,
            models == 1 ? "" : "s",
            workersPerModel,
            workersPerModel == 1 ? "" : "s");
  }
}
