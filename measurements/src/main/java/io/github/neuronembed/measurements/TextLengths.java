package io.github.neuronembed.measurements;

import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/** How many tokens the texts of a workload have, special tokens included. */
enum TextLengths {
  QUERIES("short queries"),
  SEARCH("search mix, 80/20"),
  PASSAGES("passages"),
  LONG("uniform long, 400 to 512"),
  MIXED("mixed corpus");

  private static final int LONGEST = 512;
  private static final int SAMPLE = 20_000;

  /** Of the texts of the mixed corpus; empty until they were read. */
  private static List<Integer> corpus = List.of();

  final String title;

  TextLengths(String title) {
    this.title = title;
  }

  /** Draws of one sequence; the corpus again and again as it is. */
  IntSupplier draws(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    return switch (this) {
      case QUERIES -> () -> query(random);
      case SEARCH -> () -> random.nextDouble() < 0.8 ? query(random) : passage(random);
      case PASSAGES -> () -> passage(random);
      case LONG -> () -> 400 + random.nextInt(113);
      case MIXED -> {
        List<Integer> corpus = corpus();
        int[] next = {(int) (seed % corpus.size())};
        yield () -> corpus.get(next[0]++ % corpus.size());
      }
    };
  }

  /** How many texts of each length there are in many. */
  Map<Integer, Long> histogram() throws IOException {
    IntSupplier draws = draws(0);
    Map<Integer, Long> texts = new TreeMap<>();
    for (int i = 0; i < (this == MIXED ? corpus().size() : SAMPLE); i++) {
      texts.merge(draws.getAsInt(), 1L, Long::sum);
    }
    return texts;
  }

  /** Gamma of shape 4 and scale 3. */
  private static int query(SplittableRandom random) {
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum -= 3 * Math.log(1 - random.nextDouble());
    }
    return (int) Math.min(64, Math.max(4, Math.rint(sum)));
  }

  private static int passage(SplittableRandom random) {
    double length = 150 * Math.exp(0.6 * random.nextGaussian());
    return (int) Math.min(LONGEST, Math.max(8, Math.rint(length)));
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
