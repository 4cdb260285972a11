package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.backend.neuron.EmulatedModels;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.nrt.NeuronRuntime;
import io.github.neuronembed.nrt.NrtEmulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What derives from BERT on the native path, against an independent reference. */
@NeedsNativeCore
class SmallEmulatedTest {

  private static final double SAME = 0.99999;

  /** A short one, for several texts in a row, and one for the longest text. */
  private static final List<Shape> PACKED = List.of(new Shape(1, 256, 8), new Shape(1, 512, 4));

  @TempDir private Path folder;

  @BeforeAll
  static void configure() {
    NrtEmulator.open();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(NeuronRuntime.liveCounts()).isEqualTo(new NeuronRuntime.LiveCounts(0, 0, 0, 0, 0));
  }

  static List<SmallModel> encoders() {
    return SmallModel.encoders();
  }

  static List<SmallModel> rerankers() {
    return SmallModel.rerankers();
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void vectorsAreTheReferencesAloneAndInCompany(SmallModel small) {
    expectGolden(small.open(folder), small.golden());
  }

  /** The texts of a call share rows. */
  @ParameterizedTest
  @MethodSource("encoders")
  void packedVectorsAreTheReferences(SmallModel small) throws Exception {
    ModelDirectory model = small.open(folder);
    EmulatedModels.DEFAULT.pack(model, PACKED, folder.resolve("neuron"));

    expectGolden(model, small.golden());
  }

  private static void expectGolden(ModelDirectory model, List<SmallModel.Golden> golden) {
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(model).backend(BackendChoice.EMULATOR).build()) {
      List<int[]> rows = new ArrayList<>();
      for (SmallModel.Golden text : golden) {
        float[] alone = embedder.embed(text.text(), text.type());
        assertThat(Vectors.cosine(alone, text.vectorArray())).as(text.id()).isGreaterThan(SAME);
        rows.add(text.idArray());
      }
      List<float[]> together = embedder.embedTokens(rows, RequestOptions.BULK);
      for (int i = 0; i < golden.size(); i++) {
        assertThat(Vectors.cosine(together.get(i), golden.get(i).vectorArray()))
            .as(golden.get(i).id())
            .isGreaterThan(SAME);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rerankers")
  void scoresAreTheReferencesAloneAndInCompany(SmallModel small) {
    expectScores(CrossEncoderDirectory.open(small.writeTo(folder)), small.golden());
  }

  /** The pairs of a call share rows. */
  @Test
  void packedScoresAreTheReferences() throws Exception {
    SmallModel small = SmallModel.XLM_ROBERTA_RERANKER;
    CrossEncoderDirectory model = CrossEncoderDirectory.open(small.writeTo(folder));
    EmulatedModels.packScores(model, PACKED, folder.resolve("neuron"));

    expectScores(model, small.golden());
  }

  private static void expectScores(CrossEncoderDirectory model, List<SmallModel.Golden> golden) {
    try (Reranker reranker =
        Reranker.builder().model(model).backend(BackendChoice.EMULATOR).sigmoid(false).build()) {
      List<TokenizedPair> pairs = new ArrayList<>();
      for (SmallModel.Golden pair : golden) {
        assertThat((double) reranker.score(pair.query(), pair.text()))
            .as(pair.id())
            .isCloseTo(pair.logit(), within(1e-4));
        pairs.addAll(reranker.tokenize(pair.query(), List.of(pair.text())));
      }
      float[] together = reranker.logitsAsync(pairs, RequestOptions.BULK).join();
      for (int i = 0; i < golden.size(); i++) {
        assertThat((double) together[i])
            .as(golden.get(i).id())
            .isCloseTo(golden.get(i).logit(), within(1e-4));
      }
    }
  }

  @Test
  void pairsThatTokenTypesTellApartArePackedByNobody() throws Exception {
    CrossEncoderDirectory model =
        CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder));

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> EmulatedModels.packScores(model, PACKED, folder.resolve("neuron")))
        .withMessageContaining("1×256")
        .withMessageContaining("token types");
    assertThat(folder.resolve("neuron")).isEmptyDirectory();
  }

  /** It would score every pair as if both sides were the query. */
  @Test
  void compiledModelsOfAnotherKindAreRefused() throws Exception {
    SmallModel small = SmallModel.BERT_RERANKER;
    CrossEncoderDirectory model = CrossEncoderDirectory.open(small.writeTo(folder));
    EmulatedModels.packScores(model, List.of(new Shape(1, 512)), folder.resolve("neuron"));
    Path manifest = model.neuronManifestFile();
    String whole = Files.readString(manifest);

    Files.writeString(manifest, whole.replace("\"hiddenSize\": 1", "\"hiddenSize\": 16"));
    assertRefused(model, "gives vectors");
    Files.writeString(manifest, whole.replaceAll(",\\s*\\{\\s*\"name\": \"input2\"[^}]*}", ""));
    assertRefused(model, "token types");
  }

  private static void assertRefused(CrossEncoderDirectory model, String why) {
    RerankerBuilder builder = Reranker.builder().model(model).backend(BackendChoice.EMULATOR);
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(builder::build)
        .withMessageContaining(why);
  }

  @Test
  void pairsAreCutAtTheLongestCompiledShape() throws Exception {
    CrossEncoderDirectory model =
        CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder));
    EmulatedModels.packScores(model, List.of(new Shape(1, 64)), folder.resolve("neuron"));
    try (Reranker reranker =
        Reranker.builder().model(model).backend(BackendChoice.EMULATOR).build()) {
      assertThat(reranker.maxTokens()).isEqualTo(64);
      assertThat(reranker.score("a box", "the ".repeat(200))).isFinite();
    }
  }

  @Test
  void theCpuEncoderScoresNoPairs() {
    RerankerBuilder builder =
        Reranker.builder()
            .model(CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder)))
            .backend(BackendChoice.CPU);

    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(builder::build)
        .withMessageContaining("ONNX Runtime");
  }
}
