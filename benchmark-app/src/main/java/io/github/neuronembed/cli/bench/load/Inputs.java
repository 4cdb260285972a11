package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.backend.TokenRow;

/** The rows that calls carry. Thread-safe. */
public interface Inputs {

  /**
   * How many rows a call carries: a full batch, or the remaining rows.
   *
   * @param call zero-based
   */
  int rows(long call, int batchSize);

  /**
   * The tokens of a row, special tokens included, no longer than the cell's rows; read only.
   *
   * @param row zero-based, over all calls
   */
  TokenRow row(long row);

  /** Whether {@link #row} tokenizes a text, whose time counts. */
  boolean tokenizes();

  /** Rows that were too long and lost their last tokens. */
  long cutRows();

  /** A description of the rows, for the reports. */
  String description();
}
