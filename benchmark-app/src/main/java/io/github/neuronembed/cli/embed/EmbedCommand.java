package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Progress;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.engine.RequestOptions;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** Embeds texts from files or standard input; memory does not grow with the input. */
public final class EmbedCommand implements Command {

  /** Texts under way at once: enough to fill batches of one length from mixed texts. */
  private static final int WINDOW = 512;

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
    return "Turn texts into vectors.";
  }

  @Override
  public String arguments() {
    return "[options] [FILE...]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    options.addOption(
        Option.builder("t")
            .longOpt("type")
            .hasArg()
            .argName("TYPE")
            .desc(
                "what the texts are: passage (default) or query, which gets the model's prefix;"
                    + " a line's own \"type\" wins")
            .get());
    options.addOption(
        Option.builder("i")
            .longOpt("input-format")
            .hasArg()
            .argName("FORMAT")
            .desc(
                "text: a text a line; jsonl: {\"id\":…,\"text\":…,\"type\":…} a line; auto"
                    + " (default): jsonl if the file is named .jsonl or .ndjson or its first line"
                    + " begins with {")
            .get());
    options.addOption(
        Option.builder("f")
            .longOpt("format")
            .hasArg()
            .argName("FORMAT")
            .desc("of the vectors: jsonl (default), csv or npy")
            .get());
    options.addOption(
        Option.builder("o")
            .longOpt("output")
            .hasArg()
            .argName("FILE")
            .desc("write there, complete or not at all; else to standard output")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("strict")
            .desc("refuse a text with more tokens than the model takes, instead of cutting it")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("keep-going")
            .desc("report a bad line and go on without it; the exit code is 1 all the same")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    InputType type =
        EmbedderArguments.choice(arguments, "type", InputType.PASSAGE, InputType.values());
    TextReader.Format inputFormat =
        EmbedderArguments.choice(
            arguments, "input-format", TextReader.Format.AUTO, TextReader.Format.values());
    OutputFormat format =
        EmbedderArguments.choice(arguments, "format", OutputFormat.JSONL, OutputFormat.values());
    String output = arguments.getOptionValue("output");
    if (format == OutputFormat.NPY && output == null) {
      throw new UsageException(
          "An npy file begins with its number of rows, which a pipe cannot take back: give"
              + " --output FILE.");
    }
    List<String> files = arguments.getArgList();
    for (String file : files) {
      checkInput(file, output);
    }
    TruncationPolicy truncation =
        arguments.hasOption("strict") ? TruncationPolicy.STRICT : TruncationPolicy.TRUNCATE;
    try (TextEmbedder embedder = EmbedderArguments.open(arguments, truncation);
        OutputTarget target = OutputTarget.open(output, streams.out());
        Progress progress = Progress.start("embedding", "texts", streams)) {
      streams
          .err()
          .printf(
              "neuron-embed: %s on %s. %s%n",
              embedder.modelName(), embedder.backend(), embedder.backendReason());
      int dimension = embedder.dimension();
      VectorWriter writer =
          switch (format) {
            case JSONL -> new JsonLinesWriter(target.stream());
            case CSV -> new CsvWriter(target.stream(), dimension);
            case NPY -> new NpyWriter(target.channel(), target.stream(), dimension);
          };
      Run run = new Run(embedder, truncation, writer, progress, arguments.hasOption("keep-going"));
      long lines = 0;
      for (String file : files.isEmpty() ? List.of("-") : files) {
        boolean standardInput = file.equals("-");
        InputStream in = standardInput ? streams.in() : Files.newInputStream(Path.of(file));
        String source = standardInput ? "standard input" : file;
        try (TextReader reader =
            new TextReader(source, new BufferedInputStream(in), inputFormat, type, lines)) {
          run.embedAll(reader);
          lines += reader.lineNumber();
        }
      }
      run.drain();
      writer.close();
      target.commit();
      run.tellCut();
      return run.badLines == 0 ? ExitCode.DONE : ExitCode.FAILED;
    }
  }

  private static void checkInput(String file, @Nullable String output) throws IOException {
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
  }

  /** A text under way. */
  private record Pending(JsonPrimitive id, String where, CompletableFuture<float[]> vector) {}

  /** The state of one run: a window of texts under way, the oldest of which is written next. */
  private static final class Run {

    /** So many characters a token nearly always have more tokens than the model takes. */
    private static final int CHARACTERS_PER_TOKEN = 8;

    /** Of the word that the end of a beginning cuts in two: BERT's has 100 characters at most. */
    private static final int MOST_TOKENS_OF_A_WORD = 100;

    private final TextEmbedder embedder;
    private final TruncationPolicy truncation;
    private final VectorWriter writer;
    private final Progress progress;
    private final boolean keepGoing;
    private final Deque<Pending> window = new ArrayDeque<>();
    private long badLines;
    private long cut;

    Run(
        TextEmbedder embedder,
        TruncationPolicy truncation,
        VectorWriter writer,
        Progress progress,
        boolean keepGoing) {
      this.embedder = embedder;
      this.truncation = truncation;
      this.writer = writer;
      this.progress = progress;
      this.keepGoing = keepGoing;
    }

    void embedAll(TextReader reader) throws IOException, InterruptedException {
      while (true) {
        // Somebody may be typing: what is there is embedded and shown before more is waited for.
        if (!window.isEmpty() && reader.wouldBlock()) {
          drain();
        }
        try {
          TextLine line = reader.next();
          if (line == null) {
            return;
          }
          submit(line);
        } catch (BadLineException e) {
          bad(e);
        }
        while (!window.isEmpty() && (window.size() > WINDOW || window.peek().vector().isDone())) {
          writeOldest();
        }
      }
    }

    private void submit(TextLine line) {
      int[] tokenIds;
      try {
        tokenIds = embedder.tokenize(line.text(), line.type(), truncation);
      } catch (TextTooLongException e) {
        throw new BadLineException(
            "%s: the text has %s tokens, the model takes %s"
                .formatted(line.where(), e.tokenCount(), e.limit()));
      }
      if (tokenIds.length == embedder.maxTokens() && isCut(line)) {
        cut++;
      }
      window.add(
          new Pending(
              line.id(), line.where(), embedder.embedTokensAsync(tokenIds, RequestOptions.BULK)));
    }

    /** Whether a text that fills the model was longer; its beginning mostly tells, for less. */
    private boolean isCut(TextLine line) {
      int limit = embedder.maxTokens();
      int beginning = CHARACTERS_PER_TOKEN * limit;
      return (line.text().length() > beginning
              && embedder.countTokens(line.text().substring(0, beginning), line.type())
                  > limit + MOST_TOKENS_OF_A_WORD)
          || embedder.countTokens(line.text(), line.type()) > limit;
    }

    /** Says how many texts lost their end. */
    void tellCut() {
      if (cut > 0) {
        progress.say(
            "neuron-embed: %s %s cut at %s tokens; --strict refuses %s."
                .formatted(
                    cut,
                    cut == 1 ? "text was" : "texts were",
                    embedder.maxTokens(),
                    cut == 1 ? "it" : "them"));
      }
    }

    private void bad(BadLineException line) throws IOException, InterruptedException {
      if (!keepGoing) {
        // What came before the bad line is whole and stays.
        drain();
        throw new BadLineException(line.getMessage() + ". --keep-going skips such lines.");
      }
      badLines++;
      progress.say("neuron-embed: skipped " + line.getMessage());
    }

    void drain() throws IOException, InterruptedException {
      while (!window.isEmpty()) {
        writeOldest();
      }
      writer.flush();
    }

    private void writeOldest() throws IOException, InterruptedException {
      Pending oldest = window.remove();
      float[] vector;
      try {
        vector = oldest.vector().get();
      } catch (ExecutionException e) {
        cancelAll();
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw new IllegalStateException(oldest.where() + ": " + e.getCause(), e);
      } catch (InterruptedException | CancellationException e) {
        cancelAll();
        throw e;
      }
      try {
        writer.write(oldest.id(), vector);
      } catch (IOException e) {
        cancelAll();
        throw e;
      }
      progress.step();
    }

    private void cancelAll() {
      new ArrayList<>(window).forEach(pending -> pending.vector().cancel(false));
      window.clear();
    }
  }
}
