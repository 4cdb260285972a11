package io.github.neuronembed.cli.embed;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import io.github.neuronembed.RankedText;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.model.CrossEncoderDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** Orders texts by how well they answer a query; holds all of them. */
public final class RerankCommand implements Command {

  @Override
  public String name() {
    return "rerank";
  }

  @Override
  public String summary() {
    return "Order texts by how well they answer a query.";
  }

  @Override
  public String arguments() {
    return "--model DIR --query TEXT [options] [FILE...]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    ValueOption.addTo(options, "model", "DIR", "a cross-encoder's directory");
    EmbedderArguments.addBackendTo(options);
    ValueOption.addTo(options, "query", "TEXT", "the query that the texts should answer");
    ValueOption.addTo(
        options,
        "input-format",
        "FORMAT",
        "text, jsonl, json or auto (default), as for the command embed");
    ValueOption.addTo(options, "top-n", "COUNT", "number of best texts to print (default all)");
    options.addOption(
        Option.builder()
            .longOpt("raw-scores")
            .desc("print the model's logits, whatever its configuration says about scores")
            .get());
    options.addOption(Option.builder().longOpt("return-text").desc("also print the texts").get());
    options.addOption(
        Option.builder()
            .longOpt("strict")
            .desc(
                "reject a text that is too long together with the query, instead of"
                    + " truncating it")
            .get());
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    TextSource.Format format =
        EmbedderArguments.choice(
            arguments, "input-format", TextSource.Format.AUTO, TextSource.Format.values());
    String query = required(arguments, "query");
    int most = most(arguments);
    CrossEncoderDirectory model = CrossEncoderDirectory.open(Path.of(required(arguments, "model")));
    List<TextLine> lines = read(arguments.getArgList(), format, streams);
    boolean strict = arguments.hasOption("strict");
    try (Reranker reranker =
        Reranker.builder()
            .model(model)
            .backend(EmbedderArguments.given(arguments))
            .sigmoid(model.sigmoid() && !arguments.hasOption("raw-scores"))
            .truncation(strict ? TruncationPolicy.STRICT : TruncationPolicy.TRUNCATE)
            .build()) {
      streams.err().printf("neuron-embed: %s on %s.%n", reranker.modelName(), reranker.backend());
      List<RankedText> ranked = reranker.rank(query, lines.stream().map(TextLine::text).toList());
      for (RankedText text : ranked.subList(0, Math.min(most, ranked.size()))) {
        TextLine line = lines.get(text.index());
        JsonObject json = new JsonObject();
        json.add("id", line.id());
        json.add("score", new JsonPrimitive(text.score()));
        if (arguments.hasOption("return-text")) {
          json.addProperty("text", line.text());
        }
        streams.out().write((json + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    return ExitCode.DONE;
  }

  private static String required(CommandLine arguments, String option) {
    String value = arguments.getOptionValue(option);
    if (value == null) {
      throw new UsageException("--%s is missing.".formatted(option));
    }
    return value;
  }

  private static int most(CommandLine arguments) {
    String given = arguments.getOptionValue("top-n");
    if (given == null) {
      return Integer.MAX_VALUE;
    }
    try {
      int most = Integer.parseInt(given);
      if (most > 0) {
        return most;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("--top-n is a positive number, not '%s'.".formatted(given));
  }

  private static List<TextLine> read(List<String> files, TextSource.Format format, Streams streams)
      throws IOException {
    List<TextLine> lines = new ArrayList<>();
    if (files.isEmpty()) {
      read("standard input", streams.in(), format, lines);
    }
    for (String file : files) {
      try (InputStream in = Files.newInputStream(Path.of(file))) {
        read(file, in, format, lines);
      }
    }
    return lines;
  }

  private static void read(
      String name, InputStream in, TextSource.Format format, List<TextLine> lines)
      throws IOException {
    try (TextSource source = TextSource.open(name, in, format, InputType.PASSAGE, lines.size())) {
      for (TextLine line = source.next(); line != null; line = source.next()) {
        lines.add(line);
      }
    }
  }
}
