package io.github.neuronembed.cli.verify;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.cli.Vectors;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Options;

/** Compares a backend's vectors of the golden texts with the golden ones; exit code 1 if not. */
public final class VerifyCommand implements Command {

  /** The golden file whose texts are embedded if a model has no golden vectors. */
  private static final String TEXTS = "bge-small-en-v1.5";

  @Override
  public String name() {
    return "verify";
  }

  @Override
  public String summary() {
    return "Check the vectors of a model directory and report the cause of errors;"
        + " exit code 1 on errors.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public List<String> notes() {
    return List.of(
        String.format(
            Locale.ROOT,
            "Golden vectors ship for bge-small-en-v1.5, bge-small-zh-v1.5, e5-small-v2"
                + " and all-MiniLM-L6-v2. Other models are compared with fp32 on ONNX Runtime"
                + " over the same texts, which checks a compiled or int8 model, not the"
                + " directory. A text passes at a cosine of %s for fp32, %s where a compiled"
                + " model's output is bfloat16, and %s for int8.",
            Threshold.FP32,
            Threshold.BF16,
            Threshold.INT8),
        "With auto, compiled models in the directory's neuron folder are verified if it has any for"
            + " a device, else ONNX Runtime; unlike elsewhere, a device that is missing is a"
            + " failure.");
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    ValueOption.addTo(
        options, "golden", "NAME", "whose golden vectors (default the directory's name)");
    ValueOption.addTo(
        options, "threshold", "COSINE", "the lowest cosine that passes, above 0 to 1");
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException {
    requireOptionsOnly(arguments);
    ModelDirectory model = EmbedderArguments.model(arguments);
    Precision precision = EmbedderArguments.precision(arguments);
    BackendChoice backend = EmbedderArguments.backend(arguments, model);
    Subject subject =
        new Subject(
            model,
            backend,
            precision,
            EmbedderArguments.preparedGraph(arguments),
            !arguments.getOptionValue("backend", "auto").equals("auto"));
    Threshold threshold = threshold(arguments, subject);
    Optional<GoldenVectors> golden = golden(arguments, model);
    StringBuilder report = new StringBuilder();
    boolean right =
        golden.isPresent()
            ? againstGolden(subject, threshold, golden.get(), report)
            : againstOnnx(subject, threshold, report);
    report.append(right ? "PASS\n" : "FAIL\n");
    streams.out().write(report.toString().getBytes(StandardCharsets.UTF_8));
    return right ? ExitCode.DONE : ExitCode.FAILED;
  }

  private static Threshold threshold(CommandLine arguments, Subject subject) {
    String given = arguments.getOptionValue("threshold");
    if (given == null) {
      return Threshold.of(subject.backend(), subject.precision(), subject.model());
    }
    try {
      double cosine = Double.parseDouble(given);
      if (cosine > 0 && cosine <= 1) {
        return new Threshold(cosine, "from --threshold");
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("--threshold is a cosine above 0 to 1, not '%s'.".formatted(given));
  }

  private static Optional<GoldenVectors> golden(CommandLine arguments, ModelDirectory model) {
    String asked = arguments.getOptionValue("golden");
    Optional<GoldenVectors> golden = GoldenVectors.of(asked == null ? model.name() : asked);
    if (asked != null && golden.isEmpty()) {
      throw new UsageException(
          "--golden %s: no golden vectors of that name ship, only of %s.".formatted(asked, TEXTS));
    }
    return golden;
  }

  private static boolean againstGolden(
      Subject subject, Threshold threshold, GoldenVectors golden, StringBuilder report) {
    List<float[]> vectors;
    try (TextEmbedder embedder = subject.open()) {
      head(embedder, threshold, golden.texts().size() + " golden vectors", report);
      if (embedder.dimension() != golden.dimension()) {
        report.append(
            "The vectors have %s elements, the golden ones have %s: this is another model.%n"
                .formatted(embedder.dimension(), golden.dimension()));
        return false;
      }
      vectors = TextVectors.embed(embedder, golden.texts());
    }
    List<TextResult> results = new ArrayList<>();
    try (TextTokenizer tokenizer = TextTokenizer.open(subject.model())) {
      for (int i = 0; i < vectors.size(); i++) {
        GoldenText text = golden.texts().get(i);
        results.add(
            result(
                text, tokenizer.encode(text.text(), text.type()), vectors.get(i), text.vector()));
      }
    }
    if (summary(results, threshold, report)) {
      return true;
    }
    Diagnosis diagnosis = new Diagnosis(subject, threshold);
    List<String> causes = new ArrayList<>(diagnosis.ofTokens(golden, results));
    List<float[]> expected = golden.texts().stream().map(GoldenText::vector).toList();
    causes.addAll(ofVectors(diagnosis, results, vectors, expected, threshold, true));
    causes.addAll(ofLengths(subject, results));
    report(causes, report);
    return false;
  }

  private static boolean againstOnnx(Subject subject, Threshold threshold, StringBuilder report) {
    if (subject.backend() == BackendChoice.ONNX && subject.precision() != Precision.INT8) {
      report.append(
          ("No golden vectors ship for %s, and a comparison with fp32 on ONNX Runtime"
                  + " would compare it with itself. Choose --backend neuron, emulator or cpu,"
                  + " --precision int8, or, if it is a copy of %s, --golden %s.%n")
              .formatted(subject.model().name(), TEXTS, TEXTS));
      return false;
    }
    List<GoldenText> texts = GoldenVectors.of(TEXTS).orElseThrow().texts();
    List<float[]> expected;
    try (TextEmbedder reference = subject.on(BackendChoice.ONNX, Precision.FP32).open()) {
      expected = TextVectors.embed(reference, texts);
    }
    List<float[]> vectors;
    try (TextEmbedder embedder = subject.open()) {
      head(
          embedder,
          threshold,
          "fp32 on ONNX Runtime over %s texts, as no golden vectors ship for it"
              .formatted(texts.size()),
          report);
      if (embedder.dimension() != expected.get(0).length) {
        report.append(
            "The vectors have %s elements, those of ONNX Runtime %s: they are not the same model.%n"
                .formatted(embedder.dimension(), expected.get(0).length));
        return false;
      }
      vectors = TextVectors.embed(embedder, texts);
    }
    List<TextResult> results = new ArrayList<>();
    for (int i = 0; i < vectors.size(); i++) {
      results.add(result(texts.get(i), new int[0], vectors.get(i), expected.get(i)));
    }
    if (summary(results, threshold, report)) {
      return true;
    }
    Diagnosis diagnosis = new Diagnosis(subject, threshold);
    List<String> causes =
        new ArrayList<>(ofVectors(diagnosis, results, vectors, expected, threshold, false));
    causes.addAll(ofLengths(subject, results));
    report(causes, report);
    return false;
  }

  private static TextResult result(
      GoldenText text, int[] tokenIds, float[] vector, float[] expected) {
    return new TextResult(
        text,
        tokenIds,
        Vectors.cosine(vector, expected),
        Vectors.length(vector),
        Vectors.length(expected));
  }

  private static void head(
      TextEmbedder embedder, Threshold threshold, String against, StringBuilder report) {
    report.append(
        String.format(
            Locale.ROOT,
            "%s on %s%s, against %s; passes at cosine %s (%s)%n",
            embedder.modelName(),
            embedder.backend(),
            embedder.isEmulated() ? " (emulated)" : "",
            against,
            threshold.cosine(),
            threshold.reason()));
    report.append(embedder.backendReason()).append('\n');
  }

  /** Reports the cosines of the vectors and the texts that failed; returns whether none did. */
  private static boolean summary(
      List<TextResult> results, Threshold threshold, StringBuilder report) {
    TextResult least = results.get(0);
    double sum = 0;
    long failures = 0;
    for (TextResult result : results) {
      // A cosine that is NaN counts as the lowest.
      least = Double.isNaN(least.cosine()) || result.cosine() >= least.cosine() ? least : result;
      sum += result.cosine();
      failures += result.failure(threshold.cosine()).isPresent() ? 1 : 0;
    }
    report.append(
        String.format(
            Locale.ROOT,
            "cosine: least %.7f (%s), mean %.7f%n",
            least.cosine(),
            least.text().id(),
            sum / results.size()));
    if (failures > 0) {
      report.append("%s of %s texts failed:%n".formatted(failures, results.size()));
    }
    for (TextResult result : results) {
      result
          .failure(threshold.cosine())
          .ifPresent(
              how ->
                  report.append(
                      "  %-32s %-8s %s%n"
                          .formatted(
                              result.text().id(),
                              EmbedderArguments.name(result.text().type()),
                              how)));
    }
    return failures == 0;
  }

  private static List<String> ofVectors(
      Diagnosis diagnosis,
      List<TextResult> results,
      List<float[]> vectors,
      List<float[]> expected,
      Threshold threshold,
      boolean golden) {
    List<Diagnosis.Pair> failed = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      TextResult result = results.get(i);
      if (result.hasOtherDirection(threshold.cosine()) && !result.hasOtherTokens()) {
        failed.add(new Diagnosis.Pair(result.text(), vectors.get(i), expected.get(i)));
      }
    }
    return failed.isEmpty() ? List.of() : diagnosis.ofVectors(failed, golden);
  }

  private static List<String> ofLengths(Subject subject, List<TextResult> results) {
    List<TextResult> other = results.stream().filter(TextResult::hasOtherLength).toList();
    if (other.isEmpty()) {
      return List.of();
    }
    return List.of(
        String.format(
            Locale.ROOT,
            "%d vectors have a wrong length (%.4f to %.4f): %s.",
            other.size(),
            other.stream().mapToDouble(TextResult::length).min().orElseThrow(),
            other.stream().mapToDouble(TextResult::length).max().orElseThrow(),
            subject.model().normalize()
                ? "the directory says that they are normalised; it is not known why they are not"
                : "they are not normalised, because modules.json lists no Normalize, or"
                    + " neuron-embed.json says so"));
  }

  private static void report(List<String> causes, StringBuilder report) {
    if (causes.isEmpty()) {
      report.append("The cause could not be found.\n");
    }
    causes.forEach(cause -> report.append("cause: ").append(cause).append('\n'));
  }
}
