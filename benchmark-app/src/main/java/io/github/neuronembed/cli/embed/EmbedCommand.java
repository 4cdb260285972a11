package io.github.neuronembed.cli.embed;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.advise.LengthsFile;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.vectors.Int8Ranges;
import io.github.neuronembed.vectors.RangesFile;
import io.github.neuronembed.vectors.VectorEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** Embeds texts from files or standard input; memory does not grow with the input. */
public final class EmbedCommand implements Command {

  private enum OutputFormat {
    JSONL,
    NPY,
    CSV
  }

  @Override
  public String name() {
    return "embed";
  }

  @Override
  public String summary() {
    return "Compute the vectors of texts.";
  }

  @Override
  public String arguments() {
    return "[options] [FILE...]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    EmbedderArguments.addThreadsTo(options);
    options.addOption(
        Option.builder("t")
            .longOpt("type")
            .hasArg()
            .argName("TYPE")
            .desc(
                "input type of the texts: passage (default) or query, which gets the"
                    + " model's prefix; the \"type\" of a line has precedence")
            .get());
    options.addOption(
        Option.builder("i")
            .longOpt("input-format")
            .hasArg()
            .argName("FORMAT")
            .desc(
                "text: one text per line; jsonl: one {\"id\":…,\"text\":…,\"type\":…} per"
                    + " line; json: one array of such objects or of strings; auto (default): by"
                    + " the file's name (.jsonl, .ndjson, .json) or its beginning ({ or [{), else"
                    + " text")
            .get());
    options.addOption(
        Option.builder("f")
            .longOpt("format")
            .hasArg()
            .argName("FORMAT")
            .desc("format of the vectors: jsonl (default), csv or npy")
            .get());
    options.addOption(
        Option.builder("o")
            .longOpt("output")
            .hasArg()
            .argName("FILE")
            .desc("write to this file, completely or not at all; default: standard output")
            .get());
    VectorOptions.addTo(options);
    options.addOption(
        Option.builder()
            .longOpt("with-tokens")
            .desc(
                "also write each text's number of tokens and whether it was truncated"
                    + " (jsonl only)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("lengths")
            .hasArg()
            .argName("FILE")
            .desc("write the number of texts of each length to this file, for advise --lengths")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("strict")
            .desc("reject a text with more tokens than the model takes, instead of truncating it")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("keep-going")
            .desc("report a bad line and continue without it; the exit code is still 1")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    InputType type =
        EmbedderArguments.choice(arguments, "type", InputType.PASSAGE, InputType.values());
    TextSource.Format inputFormat =
        EmbedderArguments.choice(
            arguments, "input-format", TextSource.Format.AUTO, TextSource.Format.values());
    OutputFormat format =
        EmbedderArguments.choice(arguments, "format", OutputFormat.JSONL, OutputFormat.values());
    String output = arguments.getOptionValue("output");
    if (format == OutputFormat.NPY && output == null) {
      throw new UsageException(
          "An npy file begins with its number of rows, which cannot be corrected in a"
              + " pipe: give --output FILE.");
    }
    boolean withTokens = arguments.hasOption("with-tokens");
    if (withTokens && format != OutputFormat.JSONL) {
      throw new UsageException("--with-tokens goes with --format jsonl.");
    }
    List<String> files = arguments.getArgList();
    for (String file : files) {
      checkInput(file, output, inputFormat);
    }
    VectorOptions vectors = VectorOptions.of(arguments);
    String ranges = arguments.getOptionValue("write-ranges");
    TruncationPolicy truncation =
        arguments.hasOption("strict") ? TruncationPolicy.STRICT : TruncationPolicy.TRUNCATE;
    ModelDirectory model = EmbedderArguments.model(arguments);
    try (TextEmbedder embedder =
            vectors
                .apply(model, EmbedderArguments.builder(arguments, model))
                .truncation(truncation)
                .build();
        OutputTarget target = OutputTarget.open(output, streams.out());
        Progress progress = Progress.start("embedding", "texts", streams)) {
      streams
          .err()
          .printf(
              "neuron-embed: %s on %s. %s%n",
              embedder.modelName(), embedder.backend(), embedder.backendReason());
      int dimension = embedder.dimension();
      VectorEncoder encoder = vectors.encoder(embedder);
      VectorNumbers numbers = new VectorNumbers(encoder);
      VectorWriter writer =
          switch (format) {
            case JSONL -> new JsonLinesWriter(target.stream(), numbers, withTokens);
            case CSV -> new CsvWriter(target.stream(), numbers, dimension);
            case NPY -> new NpyWriter(target.channel(), target.stream(), encoder, dimension);
          };
      Int8Ranges.Calibration calibration = ranges == null ? null : new Int8Ranges.Calibration();
      EmbedRun run =
          new EmbedRun(
              embedder,
              truncation,
              calibration == null ? writer : new CalibratingWriter(writer, calibration),
              progress,
              arguments.hasOption("keep-going"),
              withTokens);
      long count = 0;
      for (String file : files.isEmpty() ? List.of("-") : files) {
        boolean standardInput = file.equals("-");
        InputStream in = standardInput ? streams.in() : Files.newInputStream(Path.of(file));
        String source = standardInput ? "standard input" : file;
        try (TextSource texts = TextSource.open(source, in, inputFormat, type, count)) {
          run.embedAll(texts);
          count += texts.count();
        }
      }
      run.drain();
      writer.close();
      if (calibration != null) {
        writeRanges(calibration, ranges);
      }
      String lengths = arguments.getOptionValue("lengths");
      if (lengths != null) {
        writeLengths(embedder.snapshot().lengths(), lengths);
      }
      target.commit();
      run.reportCut();
      return run.badLines() == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }
  }

  private static void writeRanges(Int8Ranges.Calibration calibration, String file)
      throws IOException {
    if (calibration.isEmpty()) {
      throw new UsageException("--write-ranges needs at least one text.");
    }
    try (OutputTarget target = OutputTarget.open(file, OutputStream.nullOutputStream())) {
      target.stream().write(RangesFile.toBytes(calibration.ranges()));
      target.commit();
    }
  }

  private static void writeLengths(Map<Integer, Long> lengths, String file) throws IOException {
    try (OutputTarget target = OutputTarget.open(file, OutputStream.nullOutputStream())) {
      target.stream().write(LengthsFile.text(lengths).getBytes(StandardCharsets.UTF_8));
      target.commit();
    }
  }

  private static void checkInput(String file, @Nullable String output, TextSource.Format format)
      throws IOException {
    if (file.equals("-")) {
      return;
    }
    Path path = Path.of(file);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(file);
    }
    if (Files.isDirectory(path)) {
      throw new UsageException("%s is a folder; name a file.".formatted(file));
    }
    if (output != null
        && Files.isRegularFile(Path.of(output))
        && Files.isSameFile(path, Path.of(output))) {
      throw new UsageException(
          "%s is the input and would be replaced: give another --output.".formatted(file));
    }
    String name = file.toLowerCase(Locale.ROOT);
    if (format == TextSource.Format.AUTO && (name.endsWith(".csv") || name.endsWith(".tsv"))) {
      throw new UsageException(
          ("%s is a table, whose header and separators would be embedded too: write"
                  + " its texts as JSON Lines (one {\"id\":…,\"text\":…} per line), or use"
                  + " --input-format text if each line is a text.")
              .formatted(file));
    }
  }
}
