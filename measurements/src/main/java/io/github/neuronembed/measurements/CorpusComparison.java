package io.github.neuronembed.measurements;

import ai.djl.huggingface.translator.TextEmbeddingTranslatorFactory;
import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15.BgeSmallEnV15EmbeddingModel;
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

/**
 * Texts per second on a corpus of mixed lengths: this library, LangChain4j's {@code embedAll} and
 * DJL's text-embedding translator, on the same model, texts, cores and ONNX Runtime, in one run.
 * The contenders take turns, so that a disturbance of the machine meets all of them; the median of
 * the rounds counts.
 *
 * <p>Arguments: the corpus as JSON Lines, the number of rounds, and how many of the texts DJL
 * embeds a round, since it is slow.
 */
public final class CorpusComparison {

  private static final int DJL_BATCH = 32;

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
    // DJL first: it insists on making ONNX Runtime's one environment of the process itself.
    try (ZooModel<String, float[]> djlModel = djl(model).loadModel();
        TextEmbedder embedder = TextEmbedder.builder().model(model).build();
        Predictor<String, float[]> djl = djlModel.newPredictor()) {
      BgeSmallEnV15EmbeddingModel langChain4j = new BgeSmallEnV15EmbeddingModel();
      Map<String, Contender> contenders = new LinkedHashMap<>();
      contenders.put("neuron-embed (" + embedder.backend() + ")", embedder::embedPassages);
      contenders.put("LangChain4j embedAll", some -> embedAll(langChain4j, some));
      contenders.put("DJL text embedding, in order", some -> inBatches(djl, some));
      List<String> first = texts.subList(0, Math.min(16, texts.size()));
      List<float[]> expected = embedder.embedPassages(first);
      for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
        System.out.printf(
            "%-60s least cosine to ours %.6f%n",
            contender.getKey(), Vectors.leastCosine(expected, contender.getValue().embed(first)));
      }
      Map<String, double[]> rates = new LinkedHashMap<>();
      for (int round = 0; round < rounds; round++) {
        for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
          boolean slow = contender.getKey().startsWith("DJL");
          List<String> share = slow ? texts.subList(0, Math.min(djlTexts, texts.size())) : texts;
          long start = System.nanoTime();
          contender.getValue().embed(share);
          double seconds = (System.nanoTime() - start) / 1e9;
          rates.computeIfAbsent(contender.getKey(), name -> new double[rounds])[round] =
              share.size() / seconds;
        }
      }
      double ours = median(rates.values().iterator().next());
      System.out.printf("%n%d texts, %d rounds%n", texts.size(), rounds);
      rates.forEach(
          (name, values) ->
              System.out.printf(
                  "%-60s median %6.1f texts/s   ours / it %5.2f   rounds %s%n",
                  name, median(values), ours / median(values), rounded(values)));
    }
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
