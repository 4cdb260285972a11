package io.github.neuronembed.cli.bench;

import io.github.neuronembed.backend.InferenceBackend;

/** Opens a backend for one cell of the matrix: its shape, on as many replicas as it has models. */
@FunctionalInterface
interface BenchBackends {

  /**
   * Opens it.
   *
   * @return a backend, owned by the caller
   * @throws io.github.neuronembed.EmbeddingException if the cell cannot be served
   */
  InferenceBackend open(Cell cell);
}
