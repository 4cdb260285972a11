package io.github.neuronembed.cli.compare;

import com.google.gson.JsonObject;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.Interval;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Compares two runs cell by cell; a regression is an exit code of its own, for CI. */
public final class CompareCommand implements Command {

  @Override
  public String name() {
    return "compare";
  }

  @Override
  public String summary() {
    return "Compare two benchmark runs; exit code 3 if the second is slower.";
  }

  @Override
  public String arguments() {
    return "[options] BEFORE.json AFTER.json";
  }

  @Override
  public Options options() {
    Options options = new Options();
    options.addOption(
        Option.builder()
            .longOpt("fail-if")
            .hasArg()
            .argName("METRIC=PERCENT,...")
            .desc(
                "what is a regression: worse by more than so many percent, and surely so; metrics "
                    + Thresholds.names()
                    + " (default throughput=5,p50=5,p99=10)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("fail-on-unknown")
            .desc("exit code 3 also if one of these has too few samples for a verdict")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    List<String> files = arguments.getArgList();
    if (files.size() != 2) {
      throw new UsageException(
          "compare takes two files, BEFORE.json and AFTER.json, not %s.".formatted(files.size()));
    }
    String failIf = arguments.getOptionValue("fail-if");
    Thresholds thresholds = failIf == null ? Thresholds.byDefault() : Thresholds.parse(failIf);
    RunFile before = RunFile.read(Path.of(files.get(0)));
    RunFile after = RunFile.read(Path.of(files.get(1)));

    StringBuilder text = new StringBuilder();
    int common = 0;
    int regressions = 0;
    int verdicts = 0;
    int unknown = 0;
    for (Map.Entry<String, JsonObject> entry : before.cells().entrySet()) {
      JsonObject second = after.cells().get(entry.getKey());
      text.append(entry.getKey()).append('\n');
      if (second == null) {
        text.append("  not in ").append(files.get(1)).append('\n');
        continue;
      }
      common++;
      for (Verdict verdict : compare(entry.getValue(), second, thresholds, text)) {
        verdicts++;
        regressions += verdict == Verdict.REGRESSION ? 1 : 0;
        unknown += verdict == Verdict.UNKNOWN ? 1 : 0;
      }
    }
    for (String key : after.cells().keySet()) {
      if (!before.cells().containsKey(key)) {
        text.append(key).append("\n  not in ").append(files.get(0)).append('\n');
      }
    }
    if (common == 0) {
      throw new UsageException(
          ("%s and %s have no cell in common (model, shape, models, workers, scenario, precision,"
                  + " backend, inputs, emulated or not).")
              .formatted(files.get(0), files.get(1)));
    }
    text.append(
        "%s cell%s compared, %s regression%s (worse by more than %s, outside the interval of 95 %%)%n"
            .formatted(
                common,
                common == 1 ? "" : "s",
                regressions,
                regressions == 1 ? "" : "s",
                thresholds.describe()));
    if (unknown > 0) {
      text.append(
          "%s of %s verdicts %s unknown: measure longer%n"
              .formatted(unknown, verdicts, unknown == 1 ? "is" : "are"));
    }
    streams.out().write(text.toString().getBytes(StandardCharsets.UTF_8));
    boolean failed = regressions > 0 || (unknown > 0 && arguments.hasOption("fail-on-unknown"));
    return failed ? ExitCode.REGRESSION : ExitCode.DONE;
  }

  /** Writes a line for each metric; returns the verdicts that count. */
  private static List<Verdict> compare(
      JsonObject before, JsonObject after, Thresholds thresholds, StringBuilder text) {
    if (after.has("failure")) {
      boolean regressed = !before.has("failure");
      text.append(regressed ? "  REGRESSION  failed: " : "  fails in both: ")
          .append(after.get("failure").getAsString())
          .append('\n');
      return regressed ? List.of(Verdict.REGRESSION) : List.of();
    }
    if (before.has("failure")) {
      text.append("  failed before: ").append(before.get("failure").getAsString()).append('\n');
      return List.of();
    }
    List<Verdict> verdicts = new ArrayList<>();
    for (Metric metric : Metric.values()) {
      Double threshold = thresholds.percent().get(metric);
      Verdict verdict =
          Verdict.of(
              metric, before, after, threshold == null ? metric.defaultPercent() : threshold);
      if (threshold != null) {
        verdicts.add(verdict);
      }
      text.append(line(metric, before, after, verdict, threshold != null)).append('\n');
    }
    return verdicts;
  }

  private static String line(
      Metric metric, JsonObject before, JsonObject after, Verdict verdict, boolean counted) {
    double first = metric.of(before);
    double second = metric.of(after);
    Interval ratio = metric.ratio(before, after);
    String range =
        ratio.isKnown()
            ? String.format(
                Locale.ROOT,
                "%+.1f %% (%+.1f to %+.1f)",
                100 * (second / first - 1),
                100 * (ratio.low() - 1),
                100 * (ratio.high() - 1))
            : "too few samples for an interval";
    String word =
        switch (verdict) {
          case REGRESSION -> counted ? "REGRESSION" : "worse, not counted";
          case IMPROVEMENT -> "better";
          case SAME -> "same";
          case UNKNOWN -> "unknown";
        };
    return String.format(
        Locale.ROOT, "  %-7s %10.3f %10.3f  %-32s %s", metric.title(), first, second, range, word);
  }
}
