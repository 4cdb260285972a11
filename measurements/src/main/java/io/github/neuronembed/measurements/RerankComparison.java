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
 * Pairs per second of mixed lengths: {@link Reranker} and LangChain4j's own {@link
 * OnnxScoringModel}, on the same file, tokenizer, pairs and cores, in one run, in turns. 20 queries
 * with 50 texts each, a query a call: LangChain4j computes a call as one batch, and a batch of all
 * pairs takes more memory than there is.
 *
 * <p>Arguments: the model directory, the corpus as JSON Lines, the number of rounds.
 */
public final class RerankComparison {

  private static final int QUERIES = 20;
  private static final int TEXTS = 50;
  private static final int QUERY_CHARACTERS = 80;

  /** Special tokens included, as the model takes them. */
  private static final int MOST_TOKENS = 512;

  private RerankComparison() {}

  /** A query and its candidates. */
  private record Search(String query, List<String> texts) {}

  /** Prints the rates, their ratio, and how far the scores and the orders are the same. */
  public static void main(String[] args) throws IOException {
    CrossEncoderDirectory directory = CrossEncoderDirectory.open(Path.of(args[0]));
    List<Search> searches = searches(Path.of(args[1]));
    int rounds = Integer.parseInt(args[2]);
    String file = directory.transformer().onnxFile(Precision.FP32).toString();
    String tokenizer = directory.transformer().tokenizerFile().toString();
    try (OnnxScoringModel theirs = new OnnxScoringModel(file, tokenizer, MOST_TOKENS);
        Reranker ours = Reranker.builder().model(directory).build()) {
      compare(searches, ours, theirs);
      double[] ratios = new double[rounds];
      double[][] rates = new double[2][rounds];
      for (int round = 0; round < rounds; round++) {
        rates[0][round] = rate(searches, search -> ours.score(search.query(), search.texts()));
        rates[1][round] = rate(searches, search -> scores(theirs, search));
        ratios[round] = rates[0][round] / rates[1][round];
      }
      System.out.printf(
          Locale.ROOT,
          "%d pairs, %d rounds: neuron-embed %.1f, LangChain4j %.1f pairs/s; ratio %.2f (%s)%n",
          QUERIES * TEXTS,
          rounds,
          median(rates[0]),
          median(rates[1]),
          median(ratios),
          Arrays.toString(ratios));
    }
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

  private static List<Search> searches(Path corpus) throws IOException {
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(corpus)) {
      texts.add(new Gson().fromJson(line, JsonObject.class).get("text").getAsString());
    }
    List<String> queries =
        texts.stream().filter(text -> text.length() <= QUERY_CHARACTERS).limit(QUERIES).toList();
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
