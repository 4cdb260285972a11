package io.github.neuronembed.cli.bench.measure;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.cli.bench.figures.CellFigures;
import io.github.neuronembed.cli.bench.figures.Measurement;
import io.github.neuronembed.cli.bench.figures.NeuronPerfRules;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.load.Arrivals;
import io.github.neuronembed.cli.bench.load.Inputs;
import io.github.neuronembed.cli.bench.load.Scenario;
import io.github.neuronembed.cli.bench.load.TextRows;
import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Quality;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.ThreePlaces;
import io.github.neuronembed.engine.VectorReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Measures cells, one after the other. A cell that fails does not stop the others. */
public final class Bench {

  /** A closed loop of this part of the duration gives the first rate of a search. */
  private static final double FIRST_LOOK = 0.25;

  /** The calls that a trial of a rate should have: more than the p99 needs to be supported. */
  private static final double CALLS_OF_A_TRIAL = 700;

  /** The limit of a trial's length, as a multiple of the duration. */
  private static final long LONGEST_TRIAL = 10;

  /**
   * What to measure.
   *
   * @param backends opens the backend of a cell
   * @param reader reads its vectors
   * @param pairs whether rows are pairs
   * @param throughEngine whether workers call an engine; else a slot of their own
   * @param inputs makes the rows of a cell
   * @param passRows rows of one pass, for {@link Scenario.Kind#OFFLINE}
   * @param vocabularySize token ids are below this
   * @param figures computes the figures of a cell
   * @param quality compares vectors; null if none are compared
   * @param withoutQuality why none are compared
   * @param scenario who decides when a call begins
   * @param durationNanos how long
   * @param warmUpNanos how long warming up may take
   */
  public record Plan(
      BenchBackends backends,
      VectorReader reader,
      boolean pairs,
      boolean throughEngine,
      Function<Cell, Inputs> inputs,
      int passRows,
      int vocabularySize,
      CellFigures figures,
      @Nullable QualityCheck quality,
      String withoutQuality,
      Scenario scenario,
      long durationNanos,
      long warmUpNanos) {}

  /**
   * A cell that was tried.
   *
   * @param result its result
   * @param timers the calls of each worker; empty if it failed
   */
  public record Measured(CellResult result, List<Timers> timers) {}

  private final Plan plan;
  private final StopSignal stop;
  private final Consumer<InferenceBackend> opened;
  private boolean backendSeen;

  /**
   * @param opened receives every backend that was opened
   */
  public Bench(Plan plan, StopSignal stop, Consumer<InferenceBackend> opened) {
    this.plan = plan;
    this.stop = stop;
    this.opened = opened;
  }

  /**
   * Measures a cell; a failure becomes part of the result.
   *
   * @throws BackendUnavailableException if the backend is not available for the first cell; then it
   *     is not for the others either
   */
  public Measured measure(Cell cell) throws InterruptedException {
    Quality quality =
        Quality.skipped(
            plan.quality() == null
                ? plan.withoutQuality()
                : "the cell failed before it was compared");
    List<RateStep> steps = new ArrayList<>();
    try (InferenceBackend backend = plan.backends().open(cell)) {
      backendSeen = true;
      opened.accept(backend);
      Inputs inputs = plan.inputs().apply(cell);
      if (plan.quality() != null) {
        quality = plan.quality().of(backend, cell, inputs);
      }
      try (Service service = service(backend, cell, inputs)) {
        Measurement measurement = measure(cell, new Workers(service, cell, stop), steps);
        if (measurement == null) {
          String reason = stop.isRequested() ? "stopped before a rate was found" : noRate(steps);
          return failed(cell, reason, steps, quality);
        }
        return new Measured(
            plan.figures().of(cell, measurement, quality, inputs.cutRows()), measurement.timers());
      }
    } catch (BackendUnavailableException e) {
      if (!backendSeen) {
        throw e;
      }
      return failed(cell, String.valueOf(e.getMessage()), steps, quality);
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      return failed(cell, reason, steps, quality);
    }
  }

  private Measured failed(Cell cell, String reason, List<RateStep> steps, Quality quality) {
    return new Measured(plan.figures().failed(cell, reason, steps, quality), List.of());
  }

  /**
   * The message if no rate meets the bound. It states the p99 of the lowest rate, which helps to
   * choose another bound.
   */
  private static String noRate(List<RateStep> steps) {
    return "no tried rate meets the bound"
        + steps.stream()
            .filter(step -> !Double.isNaN(step.p99Millis()))
            .min(Comparator.comparingDouble(RateStep::rowsPerSecond))
            .map(
                lowest ->
                    "; the lowest rate with calls, %s rows/s, had a p99 of %s ms"
                        .formatted(
                            ThreePlaces.text(lowest.rowsPerSecond()),
                            ThreePlaces.text(lowest.p99Millis())))
            .orElse("");
  }

  private Service service(InferenceBackend backend, Cell cell, Inputs inputs) {
    return plan.throughEngine()
        ? new EngineService(
            backend,
            plan.reader(),
            cell.rowsPerCall(),
            cell.slotsPerModel(),
            plan.vocabularySize(),
            plan.pairs(),
            inputs)
        : new SlotService(backend, plan.reader(), cell.shape(), inputs);
  }

  /** Measures; returns null if a search found no rate. */
  private @Nullable Measurement measure(Cell cell, Workers workers, List<RateStep> steps)
      throws InterruptedException {
    Scenario scenario = plan.scenario();
    if (scenario.kind() == Scenario.Kind.MAX_RATE) {
      return search(cell, workers, steps);
    }
    return workers.run(
        scenario.arrivals(
            cell, plan.durationNanos(), TextRows.calls(plan.passRows(), cell.rowsPerCall())),
        scenario.offeredRate(cell),
        scenario.limitNanos(plan.durationNanos()),
        plan.warmUpNanos());
  }

  private @Nullable Measurement search(Cell cell, Workers workers, List<RateStep> steps)
      throws InterruptedException {
    long look = (long) (FIRST_LOOK * plan.durationNanos());
    List<Timers> closed =
        workers.run(Arrivals.closed(look), Double.NaN, Long.MAX_VALUE, plan.warmUpNanos()).timers();
    long last = Timers.lastEnd(closed);
    if (last == 0 || stop.isRequested()) {
      return null;
    }
    double served = NeuronPerfRules.of(closed).rows() * 1e9 / last;
    MaxRateSearch.Found found =
        MaxRateSearch.search(
            served,
            rate -> {
              MaxRateSearch.Outcome outcome = trial(cell, workers, rate);
              if (outcome != null) {
                steps.add(outcome.step());
              }
              return outcome;
            });
    return found.best() == null
        ? null
        : Objects.requireNonNull(found.best().measurement())
            .found(found.steps(), stop.isRequested());
  }

  private MaxRateSearch.@Nullable Outcome trial(Cell cell, Workers workers, double rate)
      throws InterruptedException {
    double bound = plan.scenario().boundMillis();
    Scenario poisson = Scenario.poisson(rate);
    long forCalls = (long) (CALLS_OF_A_TRIAL * cell.rowsPerCall() / rate * 1e9);
    long duration =
        Math.max(plan.durationNanos(), Math.min(forCalls, LONGEST_TRIAL * plan.durationNanos()));
    Measurement measurement;
    try {
      measurement =
          workers.run(
              poisson.arrivals(cell, duration, 0),
              rate,
              poisson.limitNanos(duration),
              plan.warmUpNanos());
    } catch (BacklogException e) {
      // This rate is too high; the cell has not failed.
      return new MaxRateSearch.Outcome(
          null, new RateStep(rate, Double.NaN, 0, false, String.valueOf(e.getMessage())));
    }
    if (stop.isRequested()) {
      return null;
    }
    double[] sorted = Timers.sortedMillis(measurement.timers());
    double p99 = NeuronPerfRules.percentile(sorted, 99);
    return new MaxRateSearch.Outcome(
        measurement, new RateStep(rate, p99, sorted.length, p99 <= bound, null));
  }
}
