package io.github.neuronembed.cli.compare;

import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.bench.report.ReportFiles;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Renders JSON files of earlier runs again; several of them as a history. */
public final class ReportCommand implements Command {

  @Override
  public String name() {
    return "report";
  }

  @Override
  public String summary() {
    return "Render the JSON file of a benchmark run again, or several as a history.";
  }

  @Override
  public String arguments() {
    return "[options] RUN.json [RUN.json ...]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    options.addOption(
        Option.builder()
            .longOpt("html")
            .hasArg()
            .argName("FILE")
            .desc("write a page: of one run its report, of several their history")
            .get());
    ReportFiles.addFormatTo(options);
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    List<String> files = arguments.getArgList();
    if (files.isEmpty()) {
      throw new UsageException("report takes at least one file: RUN.json of `bench --output-dir`.");
    }
    List<RunFile> runs = new ArrayList<>();
    for (String file : files) {
      runs.add(RunFile.read(Path.of(file)));
    }
    runs.sort(Comparator.comparing((RunFile file) -> file.run().start()));
    String html = arguments.getOptionValue("html");
    if (runs.size() > 1) {
      if (html == null) {
        throw new UsageException("Several runs make a page: give --html FILE.");
      }
      try (Writer out = Files.newBufferedWriter(Path.of(html))) {
        HistoryPage.write(runs, out);
      }
      return ExitCode.DONE;
    }
    ReportFiles.render(runs.get(0).run(), html == null ? null : Path.of(html), arguments, streams);
    return ExitCode.DONE;
  }
}
