package io.github.neuronembed.cli.advise;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.advice.DeviceTimes;
import io.github.neuronembed.advice.ModelledTimes;
import io.github.neuronembed.advice.ShapeAdvisor;
import io.github.neuronembed.advice.ShapeAdvisor.Advice;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.cli.bench.Numbers;
import io.github.neuronembed.cli.embed.TextLine;
import io.github.neuronembed.cli.embed.TextSource;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Proposes shapes to compile for texts like those of a service. */
public final class AdviseCommand implements Command {

  /** What {@code compile_neff.py} compiles without {@code --shapes}. */
  public static final List<Shape> DEFAULT_SHAPES =
      List.of(
          new Shape(1, 32),
          new Shape(1, 128),
          new Shape(4, 128),
          new Shape(1, 256),
          new Shape(32, 256),
          new Shape(1, 512));

  private static final int MOST_SHAPES = 16;

  @Override
  public String name() {
    return "advise";
  }

  @Override
  public String summary() {
    return "Propose shapes to compile for NeuronCores, from the lengths of texts.";
  }

  @Override
  public String arguments() {
    return "[options] [FILE...]";
  }

  @Override
  public List<String> notes() {
    return List.of(
        "The lengths come from the texts of the files (read as embed does), from"
            + " --lengths or from --mix. The figures come from the engine's scheduler on"
            + " one simulated core with the given times, without the host and without a"
            + " device.");
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addModelTo(options);
    ValueOption.addTo(
        options,
        "lengths",
        "FILE",
        "recorded lengths: lines TOKENS COUNT (embed --lengths), or the Prometheus"
            + " metrics of a service");
    ValueOption.addTo(
        options, "mix", "NAME", "a synthetic mix of lengths: queries, search, passages or long");
    ValueOption.addTo(
        options,
        "times",
        "FILE",
        "measured times: the JSON of bench --output-dir, or lines SHAPE"
            + " MICROSECONDS; only these shapes are proposed (default: modelled times of"
            + " bge-base on Inferentia2)");
    ValueOption.addTo(options, "most", "N", "the maximum number of shapes (default 5)");
    ValueOption.addTo(
        options,
        "rate",
        "R",
        "texts per second on one core for the latencies (default: 80 % of the"
            + " throughput of the shapes that are compiled now)");
    options.addOption(Option.builder().longOpt("plain").desc("propose no packed shapes").get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    int most = (int) Numbers.positive(arguments, "most", 5);
    if (most < 1 || most > MOST_SHAPES) {
      throw new UsageException("--most takes 1 to %s.".formatted(MOST_SHAPES));
    }
    String name = arguments.getOptionValue("model", ModelArgument.AT_HAND);
    ModelDirectory model = ModelArgument.resolve(name);
    Map<Integer, Long> texts = texts(arguments, model, streams);
    int longest = Collections.max(texts.keySet());
    if (longest > model.maxTokens()) {
      throw new UsageException(
          "A text has %s tokens, but %s takes at most %s."
              .formatted(longest, model.name(), model.maxTokens()));
    }
    DeviceTimes times;
    List<Shape> candidates;
    String assumptions;
    if (arguments.hasOption("times")) {
      Path file = Path.of(arguments.getOptionValue("times"));
      Map<Shape, Long> measured = TimesFile.read(file);
      times = shape -> measured.getOrDefault(shape, 0L);
      candidates = List.copyOf(measured.keySet());
      assumptions = "measured times of %s".formatted(file);
    } else {
      times = new ModelledTimes();
      candidates = ShapeAdvisor.candidates(model.maxTokens(), true);
      assumptions = ModelledTimes.ASSUMPTIONS;
    }
    if (arguments.hasOption("plain")) {
      candidates = candidates.stream().filter(shape -> !shape.isPacked()).toList();
    }
    List<Advice> proposals;
    try {
      proposals = ShapeAdvisor.advise(texts, candidates, times, most);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
    AdvicePage page =
        new AdvicePage(texts, times, assumptions, proposals, Numbers.optional(arguments, "rate"));
    if (!arguments.hasOption("times") && !ModelledTimes.isOf(model)) {
      page.remark(
          ("The modelled times are not for the encoder of %s: measure its shapes with"
                  + " bench and pass --times.")
              .formatted(model.name()));
    }
    page.compareWith(compiled(model), isCompiled(model));
    streams.out().write(page.text(name, model).getBytes(StandardCharsets.UTF_8));
    return ExitCode.DONE;
  }

  private static boolean isCompiled(ModelDirectory model) {
    return Files.isRegularFile(model.neuronManifestFile());
  }

  private static List<Shape> compiled(ModelDirectory model) {
    return isCompiled(model)
        ? NeuronManifest.read(model.neuronManifestFile()).models().stream()
            .map(compiled -> Shape.parse(compiled.shape()))
            .sorted()
            .toList()
        : DEFAULT_SHAPES;
  }

  private static Map<Integer, Long> texts(
      CommandLine arguments, ModelDirectory model, Streams streams) throws IOException {
    List<String> files = arguments.getArgList();
    boolean lengths = arguments.hasOption("lengths");
    boolean mix = arguments.hasOption("mix");
    if ((files.isEmpty() ? 0 : 1) + (lengths ? 1 : 0) + (mix ? 1 : 0) != 1) {
      throw new UsageException(
          "advise takes the lengths of texts from one source: files with texts,"
              + " --lengths or --mix.");
    }
    if (lengths) {
      return LengthsFile.read(Path.of(arguments.getOptionValue("lengths")));
    }
    if (mix) {
      return EmbedderArguments.choice(arguments, "mix", Mix.SEARCH, Mix.values()).histogram();
    }
    Map<Integer, Long> texts = new TreeMap<>();
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      for (String file : files) {
        count(file, streams, tokenizer, texts);
      }
    }
    if (texts.isEmpty()) {
      throw new UsageException("The files contain no text.");
    }
    return texts;
  }

  private static void count(
      String file, Streams streams, TextTokenizer tokenizer, Map<Integer, Long> texts)
      throws IOException {
    boolean standardInput = file.equals("-");
    InputStream in = standardInput ? streams.in() : Files.newInputStream(Path.of(file));
    String source = standardInput ? "standard input" : file;
    try (TextSource lines =
        TextSource.open(source, in, TextSource.Format.AUTO, InputType.PASSAGE, 0)) {
      for (TextLine line = lines.next(); line != null; line = lines.next()) {
        int[] ids = tokenizer.encode(line.text(), line.type(), TruncationPolicy.TRUNCATE);
        texts.merge(ids.length, 1L, Long::sum);
      }
    }
  }
}
