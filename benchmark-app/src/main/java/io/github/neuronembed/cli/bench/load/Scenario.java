package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who decides when a call begins.
 *
 * @param kind which scenario
 * @param rowsPerSecond the offered load of {@link Kind#CONSTANT} and {@link Kind#POISSON}; else NaN
 * @param trace the arrivals of {@link Kind#TRACE}; else null
 * @param boundMillis the bound of the p99 in {@link Kind#MAX_RATE}; else NaN
 */
public record Scenario(Kind kind, double rowsPerSecond, @Nullable Trace trace, double boundMillis) {

  public enum Kind {
    /** A worker calls again when it is free. */
    CLOSED,
    /** Calls arrive at even intervals. */
    CONSTANT,
    /** Calls arrive as those of many independent clients. */
    POISSON,
    /** Calls arrive at recorded times. */
    TRACE,
    /** Every text once, as fast as possible. */
    OFFLINE,
    /** The highest rate of {@link #POISSON} whose p99 stays under a bound. */
    MAX_RATE
  }

  public static final Scenario CLOSED_LOOP =
      new Scenario(Kind.CLOSED, Double.NaN, null, Double.NaN);
  public static final Scenario OFFLINE = new Scenario(Kind.OFFLINE, Double.NaN, null, Double.NaN);

  /** An open loop may take this many times its duration to serve the calls that arrived. */
  private static final int BACKLOG_LIMIT = 2;

  /** The least time to serve them: a slow moment must not end a short trace or a search. */
  private static final long LEAST_BACKLOG_NANOS = 1_000_000_000;

  private static final long SEED = 1;

  /**
   * Checks that the scenario has all arguments that it needs, and none that it does not use.
   *
   * @throws UsageException if not
   */
  public static Scenario of(
      Kind kind, @Nullable Double rowsPerSecond, @Nullable Trace trace, @Nullable Double bound) {
    needs(kind, kind == Kind.CONSTANT || kind == Kind.POISSON, rowsPerSecond, "rate ROWS");
    needs(kind, kind == Kind.TRACE, trace, "trace FILE");
    needs(kind, kind == Kind.MAX_RATE, bound, "p99-bound MILLIS");
    return new Scenario(
        kind,
        rowsPerSecond == null ? Double.NaN : rowsPerSecond,
        trace,
        bound == null ? Double.NaN : bound);
  }

  private static void needs(Kind kind, boolean needed, @Nullable Object given, String option) {
    if (needed && given == null) {
      throw new UsageException("--scenario %s needs --%s.".formatted(name(kind), option));
    }
    if (!needed && given != null) {
      throw new UsageException(
          "--scenario %s does not use --%s."
              .formatted(name(kind), option.substring(0, option.indexOf(' '))));
    }
  }

  private static String name(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** A Poisson process of another rate. */
  public static Scenario poisson(double rowsPerSecond) {
    return new Scenario(Kind.POISSON, rowsPerSecond, null, Double.NaN);
  }

  /** Whether calls arrive whatever the workers do. */
  public boolean isOpen() {
    return kind != Kind.CLOSED && kind != Kind.OFFLINE;
  }

  /** A title for the reports, which also distinguishes runs. */
  public String title() {
    String name = name(kind);
    return switch (kind) {
      case CLOSED, OFFLINE -> name;
      case CONSTANT, POISSON -> name + " " + ThreePlaces.text(rowsPerSecond) + " rows/s";
      case TRACE ->
          "%s %s (%s calls)"
              .formatted(name, traceGiven().name(), traceGiven().offsetNanos().length);
      case MAX_RATE -> name + " with p99 under " + ThreePlaces.text(boundMillis) + " ms";
    };
  }

  /**
   * The arrivals of the calls of a cell, as many as its rows need.
   *
   * @param durationNanos how long they go on; a trace and a pass have their own length
   * @param passCalls calls of one pass over the texts
   */
  public Arrivals arrivals(Cell cell, long durationNanos, long passCalls) {
    double calls = rowsPerSecond / cell.rowsPerCall();
    return switch (kind) {
      case CLOSED -> Arrivals.closed(durationNanos);
      case CONSTANT -> Arrivals.constant(calls, durationNanos);
      case POISSON -> Arrivals.poisson(calls, durationNanos, SEED);
      case TRACE -> Arrivals.at(traceGiven().offsetNanos());
      case OFFLINE -> Arrivals.onePass(passCalls);
      case MAX_RATE -> throw new IllegalStateException("A search is made of other scenarios.");
    };
  }

  /** Rows that arrive in a second; NaN if the workers decide. */
  public double offeredRate(Cell cell) {
    return kind == Kind.TRACE ? traceGiven().callsPerSecond() * cell.rowsPerCall() : rowsPerSecond;
  }

  /** The time after which a call that has not begun is given up. */
  public long limitNanos(long durationNanos) {
    return switch (kind) {
      case CLOSED, OFFLINE -> Long.MAX_VALUE;
      case TRACE -> limit(traceGiven().lengthNanos());
      case CONSTANT, POISSON, MAX_RATE -> limit(durationNanos);
    };
  }

  private static long limit(long lengthNanos) {
    return Math.max(BACKLOG_LIMIT * lengthNanos, lengthNanos + LEAST_BACKLOG_NANOS);
  }

  private Trace traceGiven() {
    if (trace == null) {
      throw new IllegalStateException("This scenario has no trace.");
    }
    return trace;
  }
}
