package io.github.neuronembed.cli.bench.figures;

import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Latency;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Sentences that a reader of a cell's figures must know. */
final class Remarks {

  /** An open loop falls behind if it serves less than the arrivals by more than this part. */
  private static final double TOLERANCE = 0.05;

  private Remarks() {}

  static List<String> of(Cell cell, Figures figures, Stalls stalls) {
    List<String> remarks = new ArrayList<>();
    if (figures.stopped()) {
      remarks.add("Stopped early: the figures cover the time until then.");
    }
    long calls = figures.calls();
    if (calls == 0) {
      remarks.add("No call ended: there are no figures.");
      return remarks;
    }
    if (stalls.count() > 0) {
      remarks.add(stalls.sentence());
    }
    if (!Latency.isSupported(90, calls)) {
      remarks.add(
          ("Too few samples: %s calls are too few for p90 and p99 (64 and 662 are"
                  + " needed) and for an interval; measure longer.")
              .formatted(calls));
    } else if (!Latency.isSupported(99, calls)) {
      remarks.add(
          "Too few samples for p99: %s calls of the 662 that it needs; measure longer."
              .formatted(calls));
    }
    double offered = figures.offeredRate();
    double served = figures.throughput().withStalls();
    if (!Double.isNaN(offered)
        && !figures.stopped()
        && Latency.isSupported(90, calls)
        && served < leastServed(offered, calls)) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "Fell behind: %.4g rows arrived per second and %.4g were served.",
              offered,
              served));
    }
    if (figures.tokens().cutRows() > 0) {
      remarks.add(
          "%s rows were longer than %s tokens and were truncated (including the warm-up)."
              .formatted(figures.tokens().cutRows(), cell.shape().sequenceLength()));
    }
    return List.copyOf(remarks);
  }

  /** The number of random arrivals varies by its square root. */
  private static double leastServed(double offered, long calls) {
    return offered * (1 - Math.max(TOLERANCE, 3 / Math.sqrt((double) calls)));
  }
}
