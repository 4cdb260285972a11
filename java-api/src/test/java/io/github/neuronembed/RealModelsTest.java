package io.github.neuronembed;

import static io.github.neuronembed.Vectors.cosine;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.golden.GoldenText;
import io.github.neuronembed.golden.GoldenVectors;
import io.github.neuronembed.model.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Mean pooling, two prefixes, a Chinese vocabulary and limits other than bge-small-en's, against
 * golden vectors of an independent reference.
 */
class RealModelsTest {

  private static final double LEAST_COSINE = 0.99999;

  /** The bar of verify. int8 activations are scaled anew for each call, and move with rounding. */
  private static final double LEAST_COSINE_INT8 = 0.95;

  /** Each token and each block of 64 inputs has a scale of its own. */
  private static final double LEAST_COSINE_ENCODER_INT8 = 0.999;

  /** Of a text without words: special tokens alone, which int8 is furthest from. */
  private static final double LEAST_COSINE_BLANK = 0.998;

  private static final int BLANK = 2;

  /** Longer texts are embedded once a backend. */
  private static final int SHORT = 128;

  private static TextEmbedderBuilder builder(RealModel model, BackendChoice backend)
      throws IOException {
    return TextEmbedder.builder().model(model.directory()).backend(backend);
  }

  @ParameterizedTest
  @EnumSource
  void theOriginalGraphGivesTheGoldenVectors(RealModel model) throws Exception {
    try (TextEmbedder embedder = builder(model, BackendChoice.ONNX).preparedGraph(false).build()) {
      expectAlone(embedder, texts(model));
    }
  }

  @ParameterizedTest
  @EnumSource
  void thePreparedGraphGivesTheGoldenVectorsInAnyCompany(RealModel model) throws Exception {
    try (TextEmbedder embedder = builder(model, BackendChoice.ONNX).build()) {
      expectAlone(embedder, shortTexts(model));
      expectInCompany(embedder, model);
    }
  }

  @ParameterizedTest
  @EnumSource
  @NeedsNativeCore
  void theEmulatorGivesTheGoldenVectorsInAnyCompany(RealModel model) throws Exception {
    try (TextEmbedder embedder = builder(model, BackendChoice.EMULATOR).build()) {
      expectInCompany(embedder, model);
    }
  }

  /** Where the processor has a fast kernel; else nothing is tested. */
  @ParameterizedTest
  @EnumSource
  @NeedsNativeCore
  void theEncoderGivesTheGoldenVectorsInAnyCompany(RealModel model) throws Exception {
    Assumptions.assumeTrue(CpuModels.compute(model.directory(), Precision.EXACT));
    try (TextEmbedder embedder = builder(model, BackendChoice.CPU).build()) {
      expectInCompany(embedder, model);
    }
  }

  @ParameterizedTest
  @EnumSource
  @NeedsNativeCore
  void theEncoderInInt8IsNearToTheGoldenVectors(RealModel model) throws Exception {
    Assumptions.assumeTrue(CpuModels.compute(model.directory(), Precision.INT8));
    try (TextEmbedder embedder =
        builder(model, BackendChoice.CPU).precision(Precision.INT8).build()) {
      for (GoldenText text : shortTexts(model)) {
        assertThat(cosine(embedder.embed(text.text(), text.type()), text.vector()))
            .as(text.id())
            .isGreaterThanOrEqualTo(
                text.tokenCount() > BLANK ? LEAST_COSINE_ENCODER_INT8 : LEAST_COSINE_BLANK);
      }
    }
  }

  /** The prepared int8 graph against the same file as ONNX Runtime runs it, text by text. */
  @ParameterizedTest
  @EnumSource
  void int8IsTheSameFilesInPlainOnnxRuntime(RealModel model) throws Exception {
    try (TextEmbedder plain =
            builder(model, BackendChoice.ONNX)
                .precision(Precision.INT8)
                .preparedGraph(false)
                .build();
        TextEmbedder prepared =
            builder(model, BackendChoice.ONNX).precision(Precision.INT8).build()) {
      for (GoldenText text : shortTexts(model)) {
        assertThat(
                cosine(
                    prepared.embed(text.text(), text.type()),
                    plain.embed(text.text(), text.type())))
            .as(text.id())
            .isGreaterThanOrEqualTo(LEAST_COSINE_INT8);
      }
    }
  }

  private static List<GoldenText> texts(RealModel model) {
    return GoldenVectors.of(model.title).orElseThrow().texts();
  }

  private static List<GoldenText> shortTexts(RealModel model) {
    return texts(model).stream().filter(text -> text.tokenCount() <= SHORT).toList();
  }

  private static void expectAlone(TextEmbedder embedder, List<GoldenText> texts) {
    for (GoldenText text : texts) {
      assertThat(embedder.tokenize(text.text(), text.type(), TruncationPolicy.TRUNCATE))
          .as(text.id())
          .isEqualTo(text.tokenIds());
      expect(embedder.embed(text.text(), text.type()), text);
    }
  }

  private static void expectInCompany(TextEmbedder embedder, RealModel model) throws Exception {
    List<GoldenText> shuffled = new ArrayList<>(texts(model));
    Collections.shuffle(shuffled, new Random(3));
    List<CompletableFuture<float[]>> vectors = new ArrayList<>();
    for (GoldenText text : shuffled) {
      vectors.add(embedder.embedAsync(text.text(), text.type()));
    }
    for (int i = 0; i < shuffled.size(); i++) {
      expect(vectors.get(i).get(), shuffled.get(i));
    }
  }

  private static void expect(float[] vector, GoldenText text) {
    assertThat(cosine(vector, text.vector())).as(text.id()).isGreaterThanOrEqualTo(LEAST_COSINE);
  }
}
