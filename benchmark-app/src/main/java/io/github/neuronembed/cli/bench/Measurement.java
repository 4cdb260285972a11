package io.github.neuronembed.cli.bench;

import java.util.List;

/**
 * What was recorded of a cell.
 *
 * @param timers the calls of each worker
 * @param stages where their time went
 * @param use what it cost the process
 * @param offeredRate rows that arrived in a second; NaN if nobody but the workers decided
 * @param steps the rates that were tried to find that one; empty if none had to be found
 * @param stopped whether it was ended from outside, before its time
 */
record Measurement(
    List<Timers> timers,
    Stages stages,
    ProcessUse use,
    double offeredRate,
    List<RateStep> steps,
    boolean stopped) {

  /** The same as the answer of a search. */
  Measurement found(List<RateStep> tried, boolean searchStopped) {
    return new Measurement(timers, stages, use, offeredRate, tried, searchStopped);
  }
}
