package io.github.neuronembed.cli.verify;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.EmbeddingException;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.EmbeddingOutput;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.ModelOverrides;
import io.github.neuronembed.model.OnnxInterface;
import io.github.neuronembed.model.Pooling;
import io.github.neuronembed.model.PoolingStrategy;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds why texts failed by trying possible causes: a cause is reported only if changing it alone
 * gives the golden vectors or tokens, or the failed ones.
 *
 * @param subject the tested model and backend
 * @param threshold the lowest cosine that passed
 */
record Diagnosis(Subject subject, Threshold threshold) {

  /** The poolings that models of this kind have. */
  private static final List<PoolingStrategy> TRIED_POOLINGS =
      List.of(PoolingStrategy.CLS, PoolingStrategy.MEAN);

  /** Enough to distinguish poolings; long texts cost more and give no more information. */
  private static final int TRIED_TEXTS = 4;

  /**
   * A text, its actual vector and its expected vector.
   *
   * @param text the text
   * @param actual the actual vector
   * @param expected the expected vector
   */
  @SuppressWarnings("ArrayRecordComponent") // read only, and never compared
  record Pair(GoldenText text, float[] actual, float[] expected) {}

  /** The causes that the tokens show, one sentence each. */
  List<String> ofTokens(GoldenVectors golden, List<TextResult> results) {
    List<String> causes = new ArrayList<>();
    if (results.stream().noneMatch(TextResult::hasOtherTokens)) {
      return causes;
    }
    if (tokenizerDiffers(golden)) {
      long other =
          results.stream()
              .filter(r -> r.text().type() == InputType.PASSAGE && r.hasOtherTokens())
              .count();
      causes.add(
          ("The tokenizer differs: even with the golden prefix and limit, texts have"
                  + " other tokens than the golden ones (without them, %s passages). Copy %s"
                  + " from the model's repository.")
              .formatted(other, subject.model().tokenizerFile()));
    }
    String query = subject.model().prefix(InputType.QUERY);
    if (!query.equals(golden.queryPrefix())) {
      boolean only =
          results.stream()
              .allMatch(
                  r ->
                      r.text().type() == InputType.QUERY
                          || r.failure(threshold.cosine()).isEmpty());
      causes.add(
          "%s: %s, and the golden vectors were made with \"%s\". State it in config_sentence_transformers.json or %s."
              .formatted(
                  only ? "Only queries fail" : "Queries fail",
                  query.isEmpty()
                      ? "the query prefix is missing"
                      : "the directory puts \"%s\" before a query".formatted(query),
                  golden.queryPrefix(),
                  ModelOverrides.FILE));
    }
    String passage = subject.model().prefix(InputType.PASSAGE);
    if (!passage.equals(golden.passagePrefix())) {
      causes.add(
          "The directory puts \"%s\" before a passage, and the golden vectors were made with \"%s\"."
              .formatted(passage, golden.passagePrefix()));
    }
    if (subject.model().maxTokens() != golden.maxTokens()) {
      causes.add(
          ("The directory truncates texts at %s tokens, but the golden ones were"
                  + " truncated at %s: see max_seq_length in sentence_bert_config.json.")
              .formatted(subject.model().maxTokens(), golden.maxTokens()));
    }
    return causes;
  }

  private boolean tokenizerDiffers(GoldenVectors golden) {
    ModelOverrides right =
        ModelOverrides.NONE
            .withQueryPrefix(golden.queryPrefix())
            .withPassagePrefix(golden.passagePrefix());
    ModelDirectory corrected;
    try {
      corrected =
          ModelDirectory.open(subject.model().folder(), right.withMaxTokens(golden.maxTokens()));
    } catch (ModelLoadException e) {
      // Fewer positions: then texts below the limit decide.
      corrected = ModelDirectory.open(subject.model().folder(), right);
    }
    int limit = corrected.maxTokens();
    try (TextTokenizer tokenizer = TextTokenizer.open(corrected)) {
      return golden.texts().stream()
          .filter(text -> text.tokenCount() < limit || limit == golden.maxTokens())
          .anyMatch(
              text -> !Arrays.equals(tokenizer.encode(text.text(), text.type()), text.tokenIds()));
    }
  }

  /**
   * The cause of wrong vectors for correct tokens, a sentence or none.
   *
   * @param failed at least one
   * @param golden whether the expected vectors are golden ones; else those of ONNX Runtime with the
   *     unchanged directory
   */
  List<String> ofVectors(List<Pair> failed, boolean golden) {
    if (!subject.model().onnxPrecisions().contains(Precision.FP32)) {
      return List.of("No cause can be found without the model's onnx/model.onnx.");
    }
    List<Pair> tried =
        failed.stream()
            .sorted(Comparator.comparingInt(pair -> pair.text().tokenCount()))
            // The special tokens alone have nearly the same vectors under any pooling.
            .filter(pair -> pair.text().tokenCount() > 3)
            .limit(TRIED_TEXTS)
            .toList();
    if (tried.isEmpty()) {
      return List.of();
    }
    Path graph = subject.model().onnxFile(Precision.FP32);
    List<float[]> actual = tried.stream().map(Pair::actual).toList();
    List<float[]> expected = tried.stream().map(Pair::expected).toList();
    try {
      EmbeddingOutput output = EmbeddingOutput.of(graph, OnnxInterface.read(graph).outputs());
      List<float[]> asStated = onOnnx(subject.model().pooling(), tried);
      if (!output.pooled()) {
        Optional<String> cause = ofPooling(tried, actual, expected, asStated, golden);
        if (cause.isPresent()) {
          return List.of(cause.get());
        }
      }
      return List.of(
          agree(expected, asStated, Threshold.FP32)
              ? ofWhatRan(actual, expected)
              : ofGraph(graph, output, agree(actual, asStated, loose())));
    } catch (EmbeddingException e) {
      return List.of("No cause can be found: " + e.getMessage());
    }
  }

  /**
   * Another pooling, if it explains the vectors; possible only for a graph that does not pool
   * itself.
   */
  private Optional<String> ofPooling(
      List<Pair> tried,
      List<float[]> actual,
      List<float[]> expected,
      List<float[]> asStated,
      boolean golden) {
    Pooling stated = subject.model().pooling();
    for (PoolingStrategy strategy : TRIED_POOLINGS) {
      if (stated.is(strategy)) {
        continue;
      }
      List<float[]> asOther = onOnnx(Pooling.of(strategy), tried);
      if (golden && agree(expected, asOther, Threshold.FP32)) {
        return Optional.of(
            ("%s%s pooling, which the directory states (1_Pooling/config.json or %s);"
                    + " with %s pooling ONNX Runtime gives the golden vectors.")
                .formatted(
                    agree(actual, asStated, loose()) ? "The vectors agree with " : "Not right is ",
                    stated,
                    ModelOverrides.FILE,
                    strategy));
      }
      if (subject.backend() != BackendChoice.ONNX
          && subject.backend() != BackendChoice.CPU
          && agree(actual, asOther, loose())) {
        return Optional.of(
            ("The vectors agree with %s pooling, but the directory states %s: the"
                    + " compiled model has another pooling. Compile it again.")
                .formatted(strategy, stated));
      }
    }
    return Optional.empty();
  }

  /** The model's own graph is correct, so the cause is the tested backend. */
  private String ofWhatRan(List<float[]> actual, List<float[]> expected) {
    if (subject.backend() == BackendChoice.ONNX) {
      return subject.precision() == Precision.INT8
          ? "The fp32 graph on ONNX Runtime gives the right vectors: the int8 graph is"
              + " not made of this model, or loses too much; it is not known which of the"
              + " two."
          : "The unchanged graph gives the right vectors on ONNX Runtime, but the one"
              + " that is rewritten for speed does not: run with --original-graph, and"
              + " report it.";
    }
    if (subject.backend() != BackendChoice.CPU && agree(actual, expected, Threshold.BF16)) {
      return String.format(
          Locale.ROOT,
          "ONNX Runtime agrees, and these vectors agree to the precision of bfloat16:"
              + " the model was compiled with casts. If this is intended, accept it with"
              + " --threshold %s.",
          Threshold.BF16);
    }
    if (subject.backend() == BackendChoice.CPU) {
      return "ONNX Runtime over the same directory gives the right vectors, but the"
          + " native core's encoder does not: run with --backend onnx, and report it.";
    }
    return "ONNX Runtime over the same directory gives the right vectors: the compiled"
        + " models are made of other weights, or compute otherwise; it is not known"
        + " which of the two. Compile them again.";
  }

  /** The model's own graph does not give the golden vectors under the poolings tried. */
  private static String ofGraph(Path graph, EmbeddingOutput output, boolean agrees) {
    return ("On ONNX Runtime the output %s of %s does not give the golden vectors"
            + " either%s%s: its weights belong to another model or were changed, or that"
            + " output belongs to another layer; it is not known which of them. Copy the"
            + " file from the model's repository again.")
        .formatted(
            output.name(),
            graph,
            output.pooled()
                ? ", which it pools itself"
                : ", neither with the stated pooling nor with cls or mean",
            agrees ? ", and the tested backend agrees with it" : "");
  }

  private double loose() {
    return Math.min(threshold.cosine(), Threshold.BF16);
  }

  /** Vectors of the model's own fp32 graph, not rewritten, under a pooling. */
  private List<float[]> onOnnx(Pooling pooling, List<Pair> tried) {
    ModelDirectory changed =
        ModelDirectory.open(
            subject.model().folder(), ModelOverrides.NONE.withPooling(pooling).withNormalize(true));
    try (TextEmbedder embedder = subject.original().with(changed).open()) {
      return TextVectors.embed(embedder, tried.stream().map(Pair::text).toList());
    }
  }

  private static boolean agree(List<float[]> some, List<float[]> others, double threshold) {
    return Vectors.leastCosine(some, others) >= threshold;
  }
}
