package io.github.neuronembed.cli.bench.report;

import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.Folders;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.cli.bench.figures.Timers;
import io.github.neuronembed.cli.bench.result.Run;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/**
 * The files and the output that receive the reports of a run. Each write replaces a whole file, so
 * that it is complete whenever the process ends. Not thread-safe.
 */
public final class ReportFiles {

  private static final DateTimeFormatter FILE_TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private enum Format {
    TABLE,
    CSV,
    JSON,
    MARKDOWN
  }

  /** Writes a report as text. */
  @FunctionalInterface
  private interface Text {
    void write(Run run, Appendable out) throws IOException;
  }

  private final @Nullable Path directory;
  private final @Nullable Path markdown;
  private final @Nullable Path hlog;
  private final Format format;
  private final Streams streams;
  private final List<Path> written = new ArrayList<>();

  private ReportFiles(
      @Nullable Path directory,
      @Nullable Path markdown,
      @Nullable Path hlog,
      Format format,
      Streams streams) {
    this.directory = directory;
    this.markdown = markdown;
    this.hlog = hlog;
    this.format = format;
    this.streams = streams;
  }

  public static void addTo(Options options) {
    ValueOption.addTo(
        options,
        "output-dir",
        "DIR",
        "also write MODEL.results-TIME.csv, .json and .html to this folder, after every cell");
    ValueOption.addTo(options, "markdown", "FILE", "write a report in Markdown");
    ValueOption.addTo(
        options,
        "hlog",
        "FILE",
        "write the latencies of every second as an HdrHistogram log, tagged by cell");
    addFormatTo(options);
  }

  /** Adds only {@code --format}. */
  public static void addFormatTo(Options options) {
    ValueOption.addTo(
        options,
        "format",
        "FORMAT",
        "on standard output: " + EmbedderArguments.names(Format.values()) + " (default table)");
  }

  /**
   * The reports that the arguments ask for.
   *
   * @throws io.github.neuronembed.cli.UsageException if an argument is invalid
   * @throws IOException if a folder cannot be made
   */
  public static ReportFiles of(CommandLine arguments, Streams streams) throws IOException {
    Format format = EmbedderArguments.choice(arguments, "format", Format.TABLE, Format.values());
    Path directory = path(arguments, "output-dir");
    if (directory != null) {
      Folders.make(directory);
    }
    Path markdown = path(arguments, "markdown");
    Path hlog = path(arguments, "hlog");
    for (Path file : new Path[] {markdown, hlog}) {
      if (file != null) {
        // Fails before the measurement, not after it, if the file cannot be written.
        Files.writeString(partial(file), "");
        Files.delete(partial(file));
      }
    }
    return new ReportFiles(directory, markdown, hlog, format, streams);
  }

  private static @Nullable Path path(CommandLine arguments, String option) {
    String given = arguments.getOptionValue(option);
    return given == null ? null : Path.of(given);
  }

  private static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + ".partial");
  }

  /**
   * Writes all files with the cells measured so far.
   *
   * @param calls the calls of each worker, for each cell of the run
   */
  public void write(Run run, List<List<Timers>> calls) throws IOException {
    written.clear();
    if (directory != null) {
      String name =
          "%s.results-%s".formatted(run.subject().modelName(), FILE_TIME.format(run.start()));
      write(run, directory.resolve(name + ".csv"), CsvReport::write);
      write(run, directory.resolve(name + ".json"), JsonReport::write);
      write(run, directory.resolve(name + ".html"), HtmlReport::write);
    }
    if (markdown != null) {
      write(run, markdown, MarkdownReport::write);
    }
    if (hlog != null) {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial(hlog)))) {
        LatencyLog.write(run, calls, out);
      }
      replace(hlog);
    }
  }

  private void write(Run run, Path file, Text text) throws IOException {
    try (Writer out = Files.newBufferedWriter(partial(file))) {
      text.write(run, out);
    }
    replace(file);
  }

  private void replace(Path file) throws IOException {
    Files.move(partial(file), file, StandardCopyOption.REPLACE_EXISTING);
    written.add(file);
  }

  /** Writes the whole run to standard output, and lists the files. */
  public void print(Run run) throws IOException {
    if (!written.isEmpty()) {
      streams
          .err()
          .println(
              "neuron-embed: wrote "
                  + written.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }
    print(run, format, streams);
  }

  /**
   * Renders a run again.
   *
   * @param html where to write its page; null for none
   * @param arguments with {@code --format}, for standard output
   */
  public static void render(Run run, @Nullable Path html, CommandLine arguments, Streams streams)
      throws IOException {
    Format format = EmbedderArguments.choice(arguments, "format", Format.TABLE, Format.values());
    if (html != null) {
      try (Writer out = Files.newBufferedWriter(html)) {
        HtmlReport.write(run, out);
      }
    }
    if (html == null || arguments.hasOption("format")) {
      print(run, format, streams);
    }
  }

  private static void print(Run run, Format format, Streams streams) throws IOException {
    Writer out = new BufferedWriter(new OutputStreamWriter(streams.out(), StandardCharsets.UTF_8));
    switch (format) {
      case TABLE -> TableReport.write(run, out);
      case CSV -> CsvReport.write(run, out);
      case JSON -> JsonReport.write(run, out);
      case MARKDOWN -> MarkdownReport.write(run, out);
    }
    out.flush();
  }
}
