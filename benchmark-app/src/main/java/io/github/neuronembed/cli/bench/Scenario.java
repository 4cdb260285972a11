package io.github.neuronembed.cli.bench;

import io.github.neuronembed.cli.UsageException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who decides when a call begins.
 *
 * @param kind closed loop or one of the open ones
 * @param rowsPerSecond the offered load of an open loop; NaN for a closed one
 */
record Scenario(Kind kind, double rowsPerSecond) {

  enum Kind {
    CLOSED,
    CONSTANT,
    POISSON
  }

  static final Scenario CLOSED_LOOP = new Scenario(Kind.CLOSED, Double.NaN);
  private static final long SEED = 1;

  /**
   * Checks that a rate stands where one is needed, and only there.
   *
   * @throws UsageException if it does not
   */
  static Scenario of(Kind kind, @Nullable Double rowsPerSecond) {
    if (kind == Kind.CLOSED) {
      if (rowsPerSecond != null) {
        throw new UsageException(
            "--rate goes with --scenario constant or poisson: a closed loop sets its own pace.");
      }
      return CLOSED_LOOP;
    }
    if (rowsPerSecond == null) {
      throw new UsageException(
          "--scenario %s needs --rate ROWS: how many rows arrive in a second."
              .formatted(kind.name().toLowerCase(Locale.ROOT)));
    }
    return new Scenario(kind, rowsPerSecond);
  }

  boolean isOpen() {
    return kind != Kind.CLOSED;
  }

  String title() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return isOpen() ? name + " " + CsvReport.number(rowsPerSecond) + " rows/s" : name;
  }

  /** The calls of a cell: as many as bring the rows. */
  Arrivals arrivals(Cell cell, long durationNanos) {
    double calls = rowsPerSecond / cell.shape().batchSize();
    return switch (kind) {
      case CLOSED -> Arrivals.closed(durationNanos);
      case CONSTANT -> Arrivals.constant(calls, durationNanos);
      case POISSON -> Arrivals.poisson(calls, durationNanos, SEED);
    };
  }
}
