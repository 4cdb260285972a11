package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The comparison of two runs.
 *
 * @param cells those of the first run, then those that only the second has
 * @param thresholds the smallest changes that count
 */
record Comparison(List<Pair> cells, Thresholds thresholds) {

  /**
   * A cell of both runs.
   *
   * @param name what identifies it in any run
   * @param remark why there are no changes to show; null if there are
   * @param failedNow whether it fails only in the second run
   * @param changes one for each metric
   */
  record Pair(String name, @Nullable String remark, boolean failedNow, List<Change> changes) {}

  /**
   * The change of a figure.
   *
   * @param before in the first run
   * @param after in the second run
   * @param ratio the interval of the second value divided by the first
   * @param counted whether a regression of it counts
   */
  record Change(
      Metric metric,
      double before,
      double after,
      Interval ratio,
      Verdict verdict,
      boolean counted) {

    /** The change and its interval. */
    String range() {
      return ratio.isKnown()
          ? String.format(
              Locale.ROOT,
              "%+.1f %% (%+.1f to %+.1f)",
              100 * (after / before - 1),
              100 * (ratio.low() - 1),
              100 * (ratio.high() - 1))
          : "too few samples for an interval";
    }

    /** The verdict in a word. */
    String word() {
      return switch (verdict) {
        case REGRESSION -> counted ? "REGRESSION" : "worse, not counted";
        case IMPROVEMENT -> "better";
        case SAME -> "same";
        case UNKNOWN -> "unknown";
      };
    }

    private boolean is(Verdict other) {
      return counted && verdict == other;
    }
  }

  /**
   * Compares.
   *
   * @param firstName what the first run's file is called
   * @param secondName what the second run's file is called
   */
  static Comparison of(
      RunFile before, RunFile after, Thresholds thresholds, String firstName, String secondName) {
    List<Pair> cells = new ArrayList<>();
    for (Map.Entry<String, CellResult> entry : before.cells().entrySet()) {
      CellResult second = after.cells().get(entry.getKey());
      cells.add(
          second == null
              ? new Pair(entry.getKey(), "not in " + secondName, false, List.of())
              : pair(entry.getKey(), entry.getValue(), second, thresholds));
    }
    for (String name : after.cells().keySet()) {
      if (!before.cells().containsKey(name)) {
        cells.add(new Pair(name, "not in " + firstName, false, List.of()));
      }
    }
    return new Comparison(cells, thresholds);
  }

  private static Pair pair(
      String name, CellResult before, CellResult after, Thresholds thresholds) {
    Figures first = before.figures();
    Figures second = after.figures();
    if (second == null) {
      boolean regressed = first != null;
      return new Pair(
          name,
          (regressed ? "REGRESSION  failed: " : "fails in both: ") + after.failure(),
          regressed,
          List.of());
    }
    if (first == null) {
      return new Pair(name, "failed before: " + before.failure(), false, List.of());
    }
    List<Change> changes = new ArrayList<>();
    for (Metric metric : Metric.values()) {
      Double threshold = thresholds.percent().get(metric);
      changes.add(
          new Change(
              metric,
              metric.of(first),
              metric.of(second),
              metric.ratio(first, second),
              Verdict.of(
                  metric, first, second, threshold == null ? metric.defaultPercent() : threshold),
              threshold != null));
    }
    return new Pair(name, null, false, changes);
  }

  /** Cells that both runs have. */
  long common() {
    return cells.stream()
        .filter(pair -> pair.remark() == null || !pair.remark().startsWith("not in "))
        .count();
  }

  long regressions() {
    return cells.stream().filter(Pair::failedNow).count()
        + changes().filter(change -> change.is(Verdict.REGRESSION)).count();
  }

  long unknown() {
    return changes().filter(change -> change.is(Verdict.UNKNOWN)).count();
  }

  private Stream<Change> changes() {
    return cells.stream().flatMap(pair -> pair.changes().stream());
  }

  /** The outcome in sentences, one a line. */
  List<String> outcome() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s cell%s compared, %s regression%s (worse by more than %s, outside the interval of 95 %%)"
            .formatted(
                common(),
                common() == 1 ? "" : "s",
                regressions(),
                regressions() == 1 ? "" : "s",
                thresholds.describe()));
    if (unknown() > 0) {
      lines.add(
          "%s of %s verdicts %s unknown: measure longer"
              .formatted(
                  unknown(),
                  changes().filter(Change::counted).count(),
                  unknown() == 1 ? "is" : "are"));
    }
    return lines;
  }
}
