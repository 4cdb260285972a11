package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.RateStep;
import java.util.List;

/**
 * The record of one cell.
 *
 * @param workers the calls of each worker
 * @param service stages that belong to no single worker
 * @param use the processor time and memory that the process used
 * @param offeredRate rows that arrived in a second; NaN if the workers decided
 * @param steps the rates that the search tried; empty without a search
 * @param stopped whether it was ended from outside, before its time
 */
public record Measurement(
    List<Work> workers,
    Stages service,
    Figures.ProcessUse use,
    double offeredRate,
    List<RateStep> steps,
    boolean stopped) {

  /**
   * What one worker recorded.
   *
   * @param timers its calls
   * @param stages their time by stage
   */
  public record Work(Timers timers, Stages stages) {}

  /** The calls of each worker. */
  public List<Timers> timers() {
    return workers.stream().map(Work::timers).toList();
  }

  /** The time of all workers by stage. */
  public Stages stages() {
    Stages all = new Stages();
    workers.forEach(work -> all.add(work.stages()));
    all.add(service);
    return all;
  }

  /** This measurement as the result of a search. */
  public Measurement found(List<RateStep> tried, boolean searchStopped) {
    return new Measurement(workers, service, use, offeredRate, tried, searchStopped);
  }
}
