package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.bench.result.Cell;
import io.github.neuronembed.cli.bench.result.CellResult;
import io.github.neuronembed.cli.bench.result.Figures;
import io.github.neuronembed.cli.bench.result.Latency;
import io.github.neuronembed.cli.bench.result.RateStep;
import io.github.neuronembed.cli.bench.result.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Facts of a cell that do not fit in its line of the table: further lines below the table. */
final class Details {

  private Details() {}

  /** The name of a cell in the reports. */
  static String name(Run run, Cell cell) {
    return cell + (run.emulated() ? " (emulated)" : "");
  }

  /** The lines of a cell. */
  static List<String> of(Run run, CellResult result) {
    List<String> lines = new ArrayList<>();
    Figures figures = result.figures();
    if (result.failure() != null) {
      lines.add("failed: " + result.failure());
    }
    // A cell that was stopped before a call ended has no stages to show.
    if (figures != null && !Double.isNaN(figures.stages().execute())) {
      lines.add(stages(figures.stages()));
      lines.add(
          String.format(
              Locale.ROOT,
              "%.4g tokens per row; %.4g rows per execution; %.1f %% of the computed"
                  + " tokens belong to texts; CPU %.1f %% of all processors; peak memory %,.0f"
                  + " MB resident, %,.0f MB heap",
              figures.tokens().perRow(),
              figures.tokens().rowsPerExecution(),
              100 * figures.tokens().fill(),
              figures.use().cpuPercent(),
              figures.use().peakResidentMegabytes(),
              figures.use().peakHeapMegabytes()));
    }
    for (RateStep step : result.steps()) {
      lines.add(step(step));
    }
    if (!result.steps().isEmpty() && figures != null) {
      lines.add(
          "highest rate with a p99 under %s ms: %s rows/s"
              .formatted(
                  Digits.number(run.load().p99BoundMillis()),
                  Digits.number(figures.offeredRate())));
    }
    if (result.quality().skipped() != null) {
      lines.add("quality not compared: " + result.quality().skipped());
    }
    lines.addAll(result.remarks());
    return lines;
  }

  private static String stages(Figures.StageTimes stages) {
    return String.format(
        Locale.ROOT,
        "mean per call: queue %.3f ms, tokenize %.3f ms; mean per execution: write"
            + " %.3f ms, execute %.3f ms, read %.3f ms",
        stages.queue(),
        stages.tokenize(),
        stages.write(),
        stages.execute(),
        stages.read());
  }

  private static String step(RateStep step) {
    return "tried %s rows/s: %s"
        .formatted(
            Digits.number(step.rowsPerSecond()),
            step.failure() != null
                ? step.failure()
                : "p99 %s ms of %s calls%s, %s"
                    .formatted(
                        Digits.number(step.p99Millis()),
                        Digits.count(step.calls()),
                        Latency.isSupported(99, step.calls()) ? "" : " (too few)",
                        step.met() ? "met" : "not met"));
  }
}
