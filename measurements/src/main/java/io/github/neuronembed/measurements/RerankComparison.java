package io.github.neuronembed.measurements;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.scoring.onnx.OnnxScoringModel;
import io.github.neuronembed.RankedText;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Compares {@link Reranker} with LangChain4j's own {@link OnnxScoringModel}: pairs of mixed lengths
 * per second, on the same file, tokenizer, pairs and cores, in one run, in turns.
 *
 * <p>Each query has 50 texts and is one call. LangChain4j computes a call as one batch, padded to
 * its longest pair. A batch of all pairs would need more memory than the machine has. This program
 * also calls LangChain4j with one text at a time, where it needs no padding.
 *
 * <p>Arguments: the model directory, the corpus as JSON Lines, the number of pairs (rounded up to
 * whole queries), and the number of rounds.
 */
public final class RerankComparison {

  private static final int TEXTS = 50;
  private static final int QUERY_CHARACTERS = 80;

  /** The model takes 512 tokens; LangChain4j cuts a pair at two tokens less than this number. */
  private static final int LANGCHAIN4J_TOKENS = 512 + 2;

  private RerankComparison() {}

  /** A query and its candidates. */
  private record Search(String query, List<String> texts) {}

  /** Prints how well scores and orders agree, then the rates and their ratios. */
  public static void main(String[] args) throws IOException {
    CrossEncoderDirectory directory = CrossEncoderDirectory.open(Path.of(args[0]));
    List<Search> searches =
        searches(Path.of(args[1]), (Integer.parseInt(args[2]) + TEXTS - 1) / TEXTS);
    int rounds = Integer.parseInt(args[3]);
    String file = directory.transformer().onnxFile(Precision.FP32).toString();
    String tokenizer = directory.transformer().tokenizerFile().toString();
    try (OnnxScoringModel theirs = new OnnxScoringModel(file, tokenizer, LANGCHAIN4J_TOKENS);
        Reranker ours = Reranker.builder().model(directory).build()) {
      compare(searches, ours, theirs);
      List<Way> ways =
          List.of(
              new Way("neuron-embed", search -> ours.score(search.query(), search.texts())),
              new Way("LangChain4j", search -> scores(theirs, search)),
              new Way("LangChain4j, a text a call", search -> oneByOne(theirs, search)));
      double[][] rates = new double[ways.size()][rounds];
      for (int round = 0; round < rounds; round++) {
        for (int way = 0; way < rates.length; way++) {
          rates[way][round] = rate(searches, ways.get(way).scoring());
        }
      }
      System.out.printf("%s pairs, %s rounds%n", searches.size() * TEXTS, rounds);
      for (int way = 0; way < rates.length; way++) {
        print(ways.get(way).name(), rates[way], rates[0]);
      }
    }
  }

  /** A named way to score. */
  private record Way(String name, Scoring scoring) {}

  /** Prints the median rate of a way, and the median, least and greatest ratio of ours to it. */
  private static void print(String name, double[] rates, double[] ours) {
    double[] ratios = new double[rates.length];
    for (int round = 0; round < ratios.length; round++) {
      ratios[round] = ours[round] / rates[round];
    }
    System.out.printf(
        Locale.ROOT,
        "%s: %.1f pairs/s; neuron-embed is %.2f times as fast (%.2f to %.2f)%n",
        name,
        median(rates),
        median(ratios),
        Arrays.stream(ratios).min().orElseThrow(),
        Arrays.stream(ratios).max().orElseThrow());
  }

  private static void compare(List<Search> searches, Reranker ours, OnnxScoringModel theirs) {
    double worst = 0;
    int sameOrder = 0;
    for (Search search : searches) {
      float[] mine = ours.score(search.query(), search.texts());
      float[] other = scores(theirs, search);
      for (int i = 0; i < mine.length; i++) {
        worst = Math.max(worst, Math.abs(mine[i] - other[i]));
      }
      sameOrder += order(mine).equals(order(other)) ? 1 : 0;
    }
    System.out.printf(
        Locale.ROOT,
        "greatest difference of a score %.2g; the same order for %d of %d queries%n",
        worst,
        sameOrder,
        searches.size());
  }

  private static List<Integer> order(float[] scores) {
    return Reranker.ranked(scores).stream().map(RankedText::index).toList();
  }

  private static float[] scores(OnnxScoringModel model, Search search) {
    List<Double> scores =
        model
            .scoreAll(search.texts().stream().map(TextSegment::from).toList(), search.query())
            .content();
    float[] array = new float[scores.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = scores.get(i).floatValue();
    }
    return array;
  }

  private static float[] oneByOne(OnnxScoringModel model, Search search) {
    float[] scores = new float[search.texts().size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = model.score(search.texts().get(i), search.query()).content().floatValue();
    }
    return scores;
  }

  private interface Scoring {
    float[] score(Search search);
  }

  private static double rate(List<Search> searches, Scoring scoring) {
    long start = System.nanoTime();
    int pairs = 0;
    for (Search search : searches) {
      pairs += scoring.score(search).length;
    }
    return pairs / ((System.nanoTime() - start) / 1e9);
  }

  private static List<Search> searches(Path corpus, int count) throws IOException {
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(corpus)) {
      texts.add(new Gson().fromJson(line, JsonObject.class).get("text").getAsString());
    }
    List<String> queries =
        texts.stream().filter(text -> text.length() <= QUERY_CHARACTERS).limit(count).toList();
    List<Search> searches = new ArrayList<>();
    for (int i = 0; i < queries.size(); i++) {
      List<String> candidates = new ArrayList<>();
      for (int j = 0; j < TEXTS; j++) {
        candidates.add(texts.get((i * 37 + j * 5) % texts.size()));
      }
      searches.add(new Search(queries.get(i), candidates));
    }
    return searches;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
