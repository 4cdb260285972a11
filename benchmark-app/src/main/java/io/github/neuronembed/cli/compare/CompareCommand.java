package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Compares two runs cell by cell; a regression has a separate exit code, for CI. */
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
                "what counts as a regression: worse by more than this percentage, outside"
                    + " the interval; metrics "
                    + Thresholds.names()
                    + " (default throughput=5,p50=5,p99=10)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("fail-on-unknown")
            .desc("exit code 3 also if one of these has too few samples for a verdict")
            .get());
    ValueOption.addTo(options, "html", "FILE", "write a page that shows the two runs side by side");
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

    Comparison comparison = Comparison.of(before, after, thresholds, files.get(0), files.get(1));
    if (comparison.common() == 0) {
      throw new UsageException(
          ("%s and %s have no cell in common (model, shape, models, workers, scenario, precision,"
                  + " backend, inputs, emulated or not).")
              .formatted(files.get(0), files.get(1)));
    }
    String html = arguments.getOptionValue("html");
    if (html != null) {
      try (Writer out = Files.newBufferedWriter(Path.of(html))) {
        ComparisonPage.write(comparison, before.run(), after.run(), out);
      }
    }
    streams.out().write(text(comparison).getBytes(StandardCharsets.UTF_8));
    boolean failed =
        comparison.regressions() > 0
            || (comparison.unknown() > 0 && arguments.hasOption("fail-on-unknown"));
    return failed ? ExitCode.REGRESSION : ExitCode.DONE;
  }

  private static String text(Comparison comparison) {
    StringBuilder text = new StringBuilder();
    for (Comparison.Pair pair : comparison.cells()) {
      text.append(pair.name()).append('\n');
      if (pair.remark() != null) {
        text.append("  ").append(pair.remark()).append('\n');
      }
      for (Comparison.Change change : pair.changes()) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-7s %10.3f %10.3f  %-32s %s%n",
                change.metric().title(),
                change.before(),
                change.after(),
                change.range(),
                change.word()));
      }
    }
    comparison.outcome().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }
}
