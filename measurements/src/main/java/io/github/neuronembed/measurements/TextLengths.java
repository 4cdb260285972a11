package io.github.neuronembed.measurements;

import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.advise.Mix;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** How many tokens the texts of a workload have, special tokens included. */
enum TextLengths {
  QUERIES("short queries", Mix.QUERIES),
  SEARCH("search mix, 80/20", Mix.SEARCH),
  PASSAGES("passages", Mix.PASSAGES),
  LONG("uniform long, 400 to 512", Mix.LONG),
  MIXED("mixed corpus", null);

  /** Of the texts of the mixed corpus; empty until they were read. */
  private static List<Integer> corpus = List.of();

  final String title;
  private final @Nullable Mix mix;

  TextLengths(String title, @Nullable Mix mix) {
    this.title = title;
    this.mix = mix;
  }

  /** Random draws by a seed; the lengths of the corpus are repeated in their order. */
  IntSupplier draws(long seed) throws IOException {
    if (mix != null) {
      return mix.draws(seed);
    }
    List<Integer> lengths = corpus();
    int[] next = {(int) (seed % lengths.size())};
    return () -> lengths.get(next[0]++ % lengths.size());
  }

  /**
   * How many texts of each length there are in many, of the longest that is possible one at least.
   */
  Map<Integer, Long> histogram() throws IOException {
    Map<Integer, Long> texts = new TreeMap<>();
    if (mix != null) {
      texts.putAll(mix.histogram());
      texts.putIfAbsent(mix.longest(), 1L);
      return texts;
    }
    corpus().forEach(tokens -> texts.merge(tokens, 1L, Long::sum));
    return texts;
  }

  private static synchronized List<Integer> corpus() throws IOException {
    if (corpus.isEmpty()) {
      corpus = readCorpus();
    }
    return corpus;
  }

  private static List<Integer> readCorpus() throws IOException {
    ModelDirectory model = ModelArgument.resolve(ModelArgument.AT_HAND);
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      return Files.readAllLines(Path.of("measurements/corpus/mixed-256.jsonl")).stream()
          .map(line -> JsonParser.parseString(line).getAsJsonObject().get("text").getAsString())
          .map(text -> tokenizer.encode(text, InputType.PASSAGE).length)
          .toList();
    }
  }
}
