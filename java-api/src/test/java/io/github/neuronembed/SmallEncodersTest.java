package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What derives from BERT, against an independent reference, from the text to the vector. */
class SmallEncodersTest {

  private static final double SAME = 0.99999;

  @TempDir private Path folder;

  static List<SmallModel> encoders() {
    return SmallModel.encoders();
  }

  static List<SmallModel> onnxEncoders() {
    return SmallModel.onnxEncoders();
  }

  @ParameterizedTest
  @MethodSource({"encoders", "onnxEncoders"})
  void tokensAreTheReferences(SmallModel small) {
    ModelDirectory model = small.open(folder);
    assertThat(model.maxTokens()).isEqualTo(512);
    try (TextTokenizer tokenizer = TextTokenizer.open(model)) {
      List<SmallModel.Golden> golden = small.golden();
      assertThat(golden).hasSizeGreaterThanOrEqualTo(60);
      for (SmallModel.Golden text : golden) {
        TokenizedText tokens =
            tokenizer.encode(0, text.text(), text.type(), TruncationPolicy.TRUNCATE, true);
        assertThat(tokens.ids()).as(text.id()).isEqualTo(text.idArray());
        assertThat(tokens.tokenCount()).as(text.id()).isEqualTo(text.tokens());
      }
    }
  }

  /** Each with the file of two exporters, as it is and rewritten. */
  @ParameterizedTest
  @MethodSource("encoders")
  void vectorsAreTheReferencesAloneAndInCompany(SmallModel small) throws Exception {
    for (boolean second : new boolean[] {false, true}) {
      Path directory = Files.createDirectory(folder.resolve("of" + second));
      ModelDirectory model =
          ModelDirectory.open(second ? small.writeSecondTo(directory) : small.writeTo(directory));
      for (boolean prepared : new boolean[] {false, true}) {
        try (TextEmbedder embedder =
            TextEmbedder.builder()
                .model(model)
                .backend(BackendChoice.ONNX)
                .preparedGraph(prepared)
                .build()) {
          expectGolden(embedder, small.golden());
        }
      }
    }
  }

  /** By their own graph, or, CamemBERT's, as it is rewritten. */
  @ParameterizedTest
  @MethodSource("onnxEncoders")
  void vectorsOfOthersAreTheReferences(SmallModel small) {
    try (TextEmbedder embedder =
        TextEmbedder.builder().model(small.open(folder)).backend(BackendChoice.ONNX).build()) {
      expectGolden(embedder, small.golden());
    }
  }

  private static void expectGolden(TextEmbedder embedder, List<SmallModel.Golden> golden) {
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
