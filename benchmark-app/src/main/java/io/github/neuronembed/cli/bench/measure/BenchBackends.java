package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.cli.bench.result.Cell;

/** Opens a backend for one cell of the matrix: its shape, on as many replicas as it has models. */
@FunctionalInterface
public interface BenchBackends {

  /**
   * Opens a backend.
   *
   * @return a backend, owned by the caller
   * @throws io.github.neuronembed.EmbeddingException if the cell cannot be served
   */
  InferenceBackend open(Cell cell);
}
