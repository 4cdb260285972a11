package io.github.neuronembed.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.NeedsNativeCore;
import io.github.neuronembed.Vectors;
import io.github.neuronembed.encoder.EncoderBatch;
import io.github.neuronembed.encoder.EncoderModel;
import io.github.neuronembed.encoder.EncoderSession;
import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.PreparedFolder;
import io.github.neuronembed.tokenizer.CalibrationTexts;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel that this machine runs, on the real bge-small-en-v1.5: the golden texts, and texts
 * of the corpus that the measurements use, alone and in company. {@code
 * -Dneuronembed.test.corpusStep=1} takes all 256 of them.
 */
@NeedsNativeCore
class EncoderKernelsTest {

  private static final int CORPUS_STEP = Integer.getInteger("neuronembed.test.corpusStep", 16);
  private static final Path CORPUS = Path.of("../measurements/corpus/mixed-256.jsonl");
  private static final String PORTABLE = "portable";

  /** A portable kernel is slow: it computes so many of the shortest texts. */
  private static final int PORTABLE_TEXTS = 3;

  /** Tokens of a text without words, which int8 is furthest from. */
  private static final int BLANK = 2;

  private static ModelDirectory model;
  private static final List<int[]> TEXTS = new ArrayList<>();

  /** By the array itself. */
  private static final IdentityHashMap<int[], float[]> EXPECTED = new IdentityHashMap<>();

  private static List<int[]> calibration = List.of();

  @BeforeAll
  static void readTexts() throws IOException {
    model = ModelDirectory.open(BgeSmall.directory());
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      calibration = CalibrationTexts.tokens(tokenizer);
      for (GoldenText golden : GoldenVectors.of("bge-small-en-v1.5").orElseThrow().texts()) {
        TEXTS.add(tokenizer.encode(golden.text(), golden.type()));
        EXPECTED.put(TEXTS.get(TEXTS.size() - 1), golden.vector());
      }
      List<int[]> corpus = new ArrayList<>();
      List<String> lines = Files.readAllLines(CORPUS);
      for (int i = 0; i < lines.size(); i += CORPUS_STEP) {
        String text =
            JsonParser.parseString(lines.get(i)).getAsJsonObject().get("text").getAsString();
        corpus.add(tokenizer.encode(text, InputType.PASSAGE));
      }
      List<float[]> vectors = EncoderPreparation.vectors(model, corpus);
      for (int i = 0; i < corpus.size(); i++) {
        TEXTS.add(corpus.get(i));
        EXPECTED.put(corpus.get(i), vectors.get(i));
      }
    }
    TEXTS.sort(Comparator.comparingInt(ids -> ids.length));
  }

  static Stream<Arguments> kernelsAndPrecisions() {
    return CpuKernels.names().stream()
        .flatMap(
            kernel ->
                Stream.of(
                    Arguments.of(kernel, Precision.EXACT, 0.99999),
                    Arguments.of(kernel, Precision.INT8, 0.9995)));
  }

  @ParameterizedTest
  @MethodSource("kernelsAndPrecisions")
  void everyTextHasItsVectorAloneAndInAnyCompany(
      String kernel, Precision precision, double leastCosine) {
    PreparedEncoders encoders = new PreparedEncoders(PreparedFolder.ofUser());
    EncoderSource source =
        new EncoderSource(
            model, precision, calibration, texts -> EncoderPreparation.vectors(model, texts));
    // Prepared by the fastest one, which is how every kernel's file is made.
    encoders.open(source, CpuKernels.names().get(0)).close();
    int count = kernel.equals(PORTABLE) ? PORTABLE_TEXTS : TEXTS.size();
    try (EncoderModel opened = encoders.open(source, kernel);
        EncoderSession session = opened.newSession(2 * model.maxTokens(), 2, 1)) {
      assertThat(opened.kernel()).isEqualTo(kernel);
      EncoderBatch batch = new EncoderBatch(opened.hiddenSize(), 2, model.maxTokens());
      List<float[]> alone = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        alone.add(run(session, batch, List.of(TEXTS.get(i))).get(0));
        int tokens = TEXTS.get(i).length;
        assertThat(Vectors.cosine(alone.get(i), expected(TEXTS.get(i))))
            .as("text %s of %s tokens", i, tokens)
            .isGreaterThanOrEqualTo(tokens > BLANK ? leastCosine : Math.min(leastCosine, 0.999));
      }
      // A text's company is as long as it is short.
      for (int i = 0; i <= count / 2; i++) {
        int other = count - 1 - i;
        List<float[]> two = run(session, batch, List.of(TEXTS.get(other), TEXTS.get(i)));
        assertThat(two.get(0)).as("text %s in company", other).isEqualTo(alone.get(other));
        assertThat(two.get(1)).as("text %s in company", i).isEqualTo(alone.get(i));
      }
    }
  }

  private static float[] expected(int[] ids) {
    return Objects.requireNonNull(EXPECTED.get(ids));
  }

  private static List<float[]> run(EncoderSession session, EncoderBatch batch, List<int[]> texts) {
    int stride = texts.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    for (int i = 0; i < texts.size(); i++) {
      batch.ids().asIntBuffer().put(i * stride, texts.get(i));
      batch.length(i, texts.get(i).length);
    }
    session.run(batch, texts.size(), stride);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      float[] vector = new float[384];
      batch.vectors().asFloatBuffer().get(i * vector.length, vector);
      vectors.add(vector);
    }
    return vectors;
  }
}
