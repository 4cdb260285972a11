package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.RateStep;
import java.util.List;

/**
 * What was recorded of a cell.
 *
 * @param workers the calls of each worker
 * @param service stages that cannot be ascribed to a worker
 * @param use what it cost the process
 * @param offeredRate rows that arrived in a second; NaN if nobody but the workers decided
 * @param steps the rates that were tried to find that one; empty if none had to be found
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
   * @param stages where their time went
   */
  public record Work(Timers timers, Stages stages) {}

  /** The calls of each worker. */
  public List<Timers> timers() {
    return workers.stream().map(Work::timers).toList();
  }

  /** Where the time of all workers went. */
  public Stages stages() {
    Stages all = new Stages();
    workers.forEach(work -> all.add(work.stages()));
    all.add(service);
    return all;
  }

  /** The same as the answer of a search. */
  public Measurement found(List<RateStep> tried, boolean searchStopped) {
    return new Measurement(workers, service, use, offeredRate, tried, searchStopped);
  }
}
