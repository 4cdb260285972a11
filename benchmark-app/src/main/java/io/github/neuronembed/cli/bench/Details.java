package io.github.neuronembed.cli.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a line of a table has no room for, in lines of their own below it. */
final class Details {

  private Details() {}

  /** Writes a paragraph for each cell. */
  static void write(BenchRun run, Appendable out) throws IOException {
    for (CellResult result : run.results()) {
      out.append('\n').append(name(run, result.cell())).append('\n');
      for (String line : of(run, result)) {
        out.append("  ").append(line).append('\n');
      }
    }
  }

  /** A cell as the reports call it. */
  static String name(BenchRun run, Cell cell) {
    return cell + (run.emulated() ? " (emulated)" : "");
  }

  /** The lines of a cell. */
  static List<String> of(BenchRun run, CellResult result) {
    List<String> lines = new ArrayList<>();
    if (result.failure() != null) {
      lines.add("failed: " + result.failure());
    }
    // A cell that was stopped before a call ended has nothing to tell here.
    if (result.rules() != null && !Double.isNaN(result.stages().executeMillis())) {
      lines.add(stages(result));
      lines.add(
          String.format(
              Locale.ROOT,
              "%.4g tokens a row, %.1f %% padding; CPU %.1f %% of all processors; peak memory %.0f"
                  + " MB resident, %.0f MB heap",
              result.stages().tokensPerRow(),
              100 * result.stages().paddingRatio(),
              result.use().cpuPercent(),
              result.use().peakResidentMegabytes(),
              result.use().peakHeapMegabytes()));
    }
    for (RateStep step : result.steps()) {
      lines.add(step(step));
    }
    if (!result.steps().isEmpty() && result.rules() != null) {
      lines.add(
          String.format(
              Locale.ROOT,
              "highest rate with a p99 under %s ms: %.4g rows/s",
              CsvReport.number(run.scenario().boundMillis()),
              result.offeredRate()));
    }
    if (result.quality().skipped() != null) {
      lines.add("quality not compared: " + result.quality().skipped());
    }
    lines.addAll(Remarks.of(result));
    return lines;
  }

  private static String stages(CellResult result) {
    Stages stages = result.stages();
    return String.format(
        Locale.ROOT,
        "mean of a call: queue %.3f ms, tokenize %.3f ms; of an execution: write %.3f ms, execute"
            + " %.3f ms, read %.3f ms",
        stages.queueMillis(),
        stages.tokenizeMillis(),
        stages.writeMillis(),
        stages.executeMillis(),
        stages.readMillis());
  }

  static String step(RateStep step) {
    return String.format(
        Locale.ROOT,
        "tried %.4g rows/s: %s",
        step.rowsPerSecond(),
        step.failure() != null
            ? step.failure()
            : String.format(
                Locale.ROOT,
                "p99 %.3f ms of %d calls%s, %s",
                step.p99Millis(),
                step.calls(),
                CellResult.isSupported(99, step.calls()) ? "" : " (too few)",
                step.met() ? "met" : "not met"));
  }
}
