package io.github.neuronembed.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a reader of a cell's figures has to know, in sentences. */
final class Remarks {

  /** An open loop that serves less than what arrives by more than this part falls behind. */
  private static final double TOLERANCE = 0.05;

  private Remarks() {}

  static List<String> of(CellResult result) {
    List<String> remarks = new ArrayList<>();
    NeuronPerfRules rules = result.rules();
    if (rules == null) {
      return remarks;
    }
    if (result.stopped()) {
      remarks.add("Stopped before its time: the figures are of what was measured until then.");
    }
    if (rules.calls() == 0) {
      remarks.add("No call ended: there are no figures.");
      return remarks;
    }
    if (result.stalls().count() > 0) {
      remarks.add(result.stalls().sentence());
    }
    if (!CellResult.isSupported(90, rules.calls())) {
      remarks.add(
          "Too few samples: %s calls support neither p90 nor p99 (64 and 662 are needed) and no interval; measure longer."
              .formatted(rules.calls()));
    } else if (!CellResult.isSupported(99, rules.calls())) {
      remarks.add(
          "Too few samples for p99: %s calls of the 662 that it needs; measure longer."
              .formatted(rules.calls()));
    }
    double offered = result.offeredRate();
    if (!Double.isNaN(offered)
        && !result.stopped()
        && CellResult.isSupported(90, rules.calls())
        && result.rowsPerSecond() < leastServed(offered, rules.calls())) {
      remarks.add(
          String.format(
              Locale.ROOT,
              "Fell behind: %.4g rows arrived in a second and %.4g were served.",
              offered,
              result.rowsPerSecond()));
    }
    if (result.cutRows() > 0) {
      remarks.add(
          "%s rows were longer than %s tokens and were cut (warming up included)."
              .formatted(result.cutRows(), result.cell().shape().sequenceLength()));
    }
    return remarks;
  }

  /** Random arrivals scatter by the square root of their number. */
  private static double leastServed(double offered, int calls) {
    return offered * (1 - Math.max(TOLERANCE, 3 / Math.sqrt(calls)));
  }
}
