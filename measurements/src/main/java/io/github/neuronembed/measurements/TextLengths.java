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

/** The lengths of a workload's texts in tokens, special tokens included. */
enum TextLengths {
  QUERIES("short queries", Mix.QUERIES),
  SEARCH("search mix, 80/20", Mix.SEARCH),
  PASSAGES("passages", Mix.PASSAGES),
  LONG("uniform long, 400 to 512", Mix.LONG),
  MIXED("mixed corpus", null);

  /** The lengths of the mixed corpus; empty until it is read. */
  private static List<Integer> corpus = List.of();

  final String title;
  private final @Nullable Mix mix;

  TextLengths(String title, @Nullable Mix mix) {
    this.title = title;
    this.mix = mix;
  }

  /** Random lengths for a seed. For the corpus: its lengths in their order, repeated. */
  IntSupplier draws(long seed) throws IOException {
    if (mix != null) {
      return mix.draws(seed);
    }
    List<Integer> lengths = corpus();
    int[] next = {(int) (seed % lengths.size())};
    return () -> lengths.get(next[0]++ % lengths.size());
  }

  /**
   * The number of texts of each length in a large sample. It has at least one text of the longest
   * possible length.
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
