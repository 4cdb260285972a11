package io.github.neuronembed.measurements;

import ai.djl.huggingface.translator.TextEmbeddingTranslatorFactory;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15.BgeSmallEnV15EmbeddingModel;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Compares libraries on the same model, texts and cores, in one run: texts per second on a corpus
 * of mixed lengths, then milliseconds for a single short text. The contenders are this library (the
 * native core's encoder in both precisions, and ONNX Runtime), LangChain4j's {@code embedAll} and
 * DJL's text-embedding translator. They take turns, so that a disturbance of the machine affects
 * all of them. The result is the median of the rounds' ratios.
 *
 * <p>Arguments: the corpus as JSON Lines, the number of rounds, and how many texts DJL embeds in
 * each round (fewer, because it is slow).
 */
public final class CorpusComparison {

  private static final int DJL_BATCH = 32;
  private static final int QUERIES = 64;
  private static final int QUERY_CHARACTERS = 80;
  private static final String LANGCHAIN4J = "LangChain4j embedAll";

  private CorpusComparison() {}

  /** One library, embedding texts in order. */
  @FunctionalInterface
  private interface Contender {
    List<float[]> embed(List<String> texts) throws Exception;
  }

  /** Prints a line for each contender. */
  public static void main(String[] args) throws Exception {
    List<String> texts = read(Path.of(args[0]));
    int rounds = Integer.parseInt(args[1]);
    int djlTexts = Integer.parseInt(args[2]);
    ModelDirectory model = ModelArgument.resolve(ModelArgument.AT_HAND);
    // DJL first: it fails if another library created ONNX Runtime's environment of the process.
    try (ZooModel<String, float[]> djlModel = djl(model).loadModel();
        TextEmbedder onnx = open(model, BackendChoice.ONNX, Precision.FP32);
        TextEmbedder exact = open(model, BackendChoice.CPU, Precision.EXACT);
        TextEmbedder int8 = open(model, BackendChoice.CPU, Precision.INT8);
        Predictor<String, float[]> djl = djlModel.newPredictor()) {
      BgeSmallEnV15EmbeddingModel langChain4j = new BgeSmallEnV15EmbeddingModel();
      Map<String, Contender> contenders = new LinkedHashMap<>();
      contenders.put(LANGCHAIN4J, some -> embedAll(langChain4j, some));
      for (TextEmbedder embedder : List.of(int8, exact, onnx)) {
        contenders.put("neuron-embed: " + embedder.backend(), embedder::embedPassages);
      }
      contenders.put("DJL text embedding, in order", some -> inBatches(djl, some));
      List<float[]> expected = onnx.embedPassages(texts);
      for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
        List<String> share = share(contender.getKey(), texts, djlTexts);
        System.out.printf(
            Locale.ROOT,
            "%-75s least cosine to fp32 %.6f (%d texts)%n",
            contender.getKey(),
            Vectors.leastCosine(
                expected.subList(0, share.size()), contender.getValue().embed(share)),
            share.size());
      }
      Map<String, double[]> rates = new LinkedHashMap<>();
      Map<String, double[]> ratios = new LinkedHashMap<>();
      for (int round = 0; round < rounds; round++) {
        double theirs = 0;
        for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
          List<String> share = share(contender.getKey(), texts, djlTexts);
          long start = System.nanoTime();
          contender.getValue().embed(share);
          double rate = share.size() / ((System.nanoTime() - start) / 1e9);
          rates.computeIfAbsent(contender.getKey(), name -> new double[rounds])[round] = rate;
          // LangChain4j comes first.
          theirs = theirs == 0 ? rate : theirs;
          ratios.computeIfAbsent(contender.getKey(), name -> new double[rounds])[round] =
              rate / theirs;
        }
      }
      System.out.printf(Locale.ROOT, "%n%d texts, %d rounds%n", texts.size(), rounds);
      rates.forEach(
          (name, values) ->
              System.out.printf(
                  Locale.ROOT,
                  "%-75s median %6.1f texts/s   it / LangChain4j %5.2f   rounds %s%n",
                  name,
                  median(values),
                  median(Objects.requireNonNull(ratios.get(name))),
                  rounded(values)));
      singleQueries(texts, langChain4j, List.of(int8, exact, onnx));
    }
  }

  private static TextEmbedder open(
      ModelDirectory model, BackendChoice backend, Precision precision) {
    return TextEmbedder.builder().model(model).backend(backend).precision(precision).build();
  }

  private static List<String> share(String contender, List<String> texts, int djlTexts) {
    return contender.startsWith("DJL") ? texts.subList(0, Math.min(djlTexts, texts.size())) : texts;
  }

  /** Embeds one short text at a time from one thread; the contenders take turns. */
  private static void singleQueries(
      List<String> texts, BgeSmallEnV15EmbeddingModel langChain4j, List<TextEmbedder> embedders) {
    List<String> queries =
        texts.stream().filter(text -> text.length() <= QUERY_CHARACTERS).limit(QUERIES).toList();
    Map<String, double[]> millis = new LinkedHashMap<>();
    for (int i = 0; i < queries.size(); i++) {
      String query = queries.get(i);
      time(millis, LANGCHAIN4J, i, queries.size(), () -> langChain4j.embed(query));
      for (TextEmbedder embedder : embedders) {
        time(
            millis,
            "neuron-embed: " + embedder.backend(),
            i,
            queries.size(),
            () -> embedder.embedPassage(query));
      }
    }
    double theirs = median(Objects.requireNonNull(millis.get(LANGCHAIN4J)));
    System.out.printf(Locale.ROOT, "%n%d single queries%n", queries.size());
    millis.forEach(
        (name, values) ->
            System.out.printf(
                Locale.ROOT,
                "%-75s p50 %6.2f ms   it / LangChain4j %5.2f%n",
                name,
                median(values),
                median(values) / theirs));
  }

  private static void time(
      Map<String, double[]> millis, String name, int at, int count, Runnable call) {
    long start = System.nanoTime();
    call.run();
    millis.computeIfAbsent(name, key -> new double[count])[at] = (System.nanoTime() - start) / 1e6;
  }

  private static List<String> read(Path corpus) throws IOException {
    Gson gson = new Gson();
    List<String> texts = new ArrayList<>();
    for (String line : Files.readAllLines(corpus)) {
      texts.add(gson.fromJson(line, JsonObject.class).get("text").getAsString());
    }
    return texts;
  }

  private static Criteria<String, float[]> djl(ModelDirectory model) {
    // The pooling and normalisation that LangChain4j and the model's own reference use.
    return Criteria.builder()
        .setTypes(String.class, float[].class)
        .optModelPath(model.onnxFile(Precision.FP32))
        .optEngine("OnnxRuntime")
        .optArgument("tokenizerPath", model.tokenizerFile().toString())
        .optArgument("pooling", "cls")
        .optArgument("normalize", "true")
        .optArgument("includeTokenTypes", "true")
        .optOption("intraOpNumThreads", "" + Runtime.getRuntime().availableProcessors())
        .optTranslatorFactory(new TextEmbeddingTranslatorFactory())
        .build();
  }

  private static List<float[]> embedAll(BgeSmallEnV15EmbeddingModel model, List<String> texts) {
    return model.embedAll(texts.stream().map(TextSegment::from).toList()).content().stream()
        .map(embedding -> embedding.vector())
        .toList();
  }

  private static List<float[]> inBatches(Predictor<String, float[]> predictor, List<String> texts)
      throws Exception {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += DJL_BATCH) {
      vectors.addAll(
          predictor.batchPredict(texts.subList(from, Math.min(from + DJL_BATCH, texts.size()))));
    }
    return vectors;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String rounded(double[] values) {
    StringBuilder text = new StringBuilder();
    for (double value : values) {
      text.append(String.format(Locale.ROOT, "%.1f ", value));
    }
    return text.toString().trim();
  }
}
