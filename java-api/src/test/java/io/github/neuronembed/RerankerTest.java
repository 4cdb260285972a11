package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.Precision;
import io.github.neuronembed.model.graph.onnx.GraphProto;
import io.github.neuronembed.model.graph.onnx.ModelProto;
import io.github.neuronembed.model.graph.onnx.NodeProto;
import io.github.neuronembed.model.graph.onnx.TensorProto;
import io.github.neuronembed.model.graph.onnx.TensorShapeProto;
import io.github.neuronembed.tokenizer.PairTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cross-encoders against an independent reference, from two texts to the score. */
class RerankerTest {

  private static final Offset<Double> SAME = within(1e-4);
  private static final String LONG = "the sailor found a box near the river and ".repeat(200);

  @TempDir private Path folder;

  static List<SmallModel> rerankers() {
    return SmallModel.rerankers();
  }

  private CrossEncoderDirectory open(SmallModel small) {
    return CrossEncoderDirectory.open(small.writeTo(folder));
  }

  @ParameterizedTest
  @MethodSource("rerankers")
  void tokensAreTheReferencesHoweverLongTheSidesAre(SmallModel small) {
    try (PairTokenizer tokenizer = PairTokenizer.open(open(small))) {
      assertThat(small.golden()).hasSizeGreaterThanOrEqualTo(60);
      for (SmallModel.Golden pair : small.golden()) {
        for (boolean countAll : new boolean[] {true, false}) {
          TokenizedPair tokens =
              tokenizer.pair(
                  0,
                  tokenizer.query(pair.query(), TruncationPolicy.TRUNCATE),
                  pair.text(),
                  countAll);
          assertThat(tokens.tokens().ids()).as(pair.id()).isEqualTo(pair.idArray());
          assertThat(tokens.isCut()).as(pair.id()).isEqualTo(pair.tokens() > 512);
          if (countAll) {
            assertThat(tokens.tokenCount()).as(pair.id()).isEqualTo(pair.tokens());
          }
        }
      }
    }
  }

  /** Each with the file of two exporters, as it is and rewritten. */
  @ParameterizedTest
  @MethodSource("rerankers")
  void scoresAreTheReferencesAloneAndInCompany(SmallModel small) throws Exception {
    for (boolean second : new boolean[] {false, true}) {
      Path directory = Files.createDirectory(folder.resolve("of" + second));
      CrossEncoderDirectory model =
          CrossEncoderDirectory.open(
              second ? small.writeSecondTo(directory) : small.writeTo(directory));
      for (boolean prepared : new boolean[] {false, true}) {
        expectGolden(Reranker.builder().model(model).preparedGraph(prepared), small.golden());
      }
    }
  }

  private static void expectGolden(RerankerBuilder builder, List<SmallModel.Golden> golden)
      throws Exception {
    try (Reranker reranker = builder.sigmoid(false).build()) {
      for (SmallModel.Golden pair : golden) {
        assertThat((double) reranker.score(pair.query(), pair.text()))
            .as(pair.id())
            .isCloseTo(pair.logit(), SAME);
      }
      List<TokenizedPair> pairs =
          golden.stream()
              .map(
                  pair ->
                      reranker
                          .tokenize(
                              pair.query(), List.of(pair.text()), TruncationPolicy.TRUNCATE, false)
                          .get(0))
              .toList();
      float[] together = reranker.logitsAsync(pairs, RequestOptions.BULK).get();
      for (int i = 0; i < together.length; i++) {
        assertThat((double) together[i])
            .as(golden.get(i).id())
            .isCloseTo(golden.get(i).logit(), SAME);
      }
    }
  }

  /** BERT's configuration asks for the logit, XLM-R's for the sigmoid. */
  @Test
  void theModelSaysWhetherAScoreIsALogit() throws Exception {
    for (SmallModel small : rerankers()) {
      SmallModel.Golden pair = small.golden().get(0);
      Path model = Files.createDirectory(folder.resolve(small.name()));
      CrossEncoderDirectory directory = CrossEncoderDirectory.open(small.writeTo(model));
      try (Reranker stated = Reranker.builder().model(directory).build();
          Reranker asked = Reranker.builder().model(directory).sigmoid(true).build()) {
        double squashed = 1 / (1 + Math.exp(-pair.logit()));
        assertThat((double) asked.score(pair.query(), pair.text())).isCloseTo(squashed, SAME);
        assertThat((double) stated.score(pair.query(), pair.text()))
            .isCloseTo(small == SmallModel.BERT_RERANKER ? pair.logit() : squashed, SAME);
        assertThat(stated.isSigmoid()).isEqualTo(small != SmallModel.BERT_RERANKER);
      }
    }
  }

  @Test
  void textsAreOrderedByTheirScores() {
    List<SmallModel.Golden> golden = SmallModel.XLM_ROBERTA_RERANKER.golden();
    List<String> texts = golden.stream().map(SmallModel.Golden::text).toList();
    try (Reranker reranker =
        Reranker.builder().model(open(SmallModel.XLM_ROBERTA_RERANKER)).build()) {
      float[] scores = reranker.score("how do tides work", texts);
      List<RankedText> ranked = reranker.rank("how do tides work", texts);

      assertThat(ranked)
          .hasSameSizeAs(texts)
          .isSortedAccordingTo(Comparator.comparingDouble(RankedText::score).reversed())
          .allSatisfy(text -> assertThat(text.score()).isEqualTo(scores[text.index()]));
      assertThat(ranked.stream().map(RankedText::index).distinct()).hasSameSizeAs(texts);
      assertThat(reranker.score("how do tides work", List.of())).isEmpty();
    }
    assertThat(Reranker.ranked(new float[] {1, 2, 1}))
        .containsExactly(new RankedText(1, 2), new RankedText(0, 1), new RankedText(2, 1));
  }

  @Test
  void aPairThatIsTooLongIsCutOrRefused() {
    try (Reranker lenient = Reranker.builder().model(open(SmallModel.BERT_RERANKER)).build();
        Reranker strict =
            Reranker.builder()
                .model(CrossEncoderDirectory.open(folder))
                .truncation(TruncationPolicy.STRICT)
                .build()) {
      assertThat(lenient.score("a box", LONG)).isFinite();
      assertThat(lenient.score(LONG, "a box")).isFinite();
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> strict.score("a box", List.of("a box", LONG)))
          .satisfies(e -> assertThat(e.index()).isEqualTo(1))
          .satisfies(e -> assertThat(e.tokenCount()).isGreaterThan(512));
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> strict.score(LONG, "a box"));
    }
  }

  /** As the tokenizers library's own tests of longest_first have it, for a room of 7 tokens. */
  @Test
  void theLongerSideIsCutFirst() throws Exception {
    Files.writeString(
        open(SmallModel.BERT_RERANKER).transformer().folder().resolve("neuron-embed.json"),
        "{\"maxTokens\": 10}");
    int[][] cases = {
      {0, 0, 0, 0}, {0, 2, 0, 2}, {0, 8, 0, 7}, {2, 4, 2, 4}, {2, 8, 2, 5}, {4, 4, 3, 4},
      {4, 8, 3, 4}, {8, 0, 7, 0}, {8, 2, 5, 2}, {8, 4, 4, 3}, {8, 8, 3, 4}, {9, 8, 4, 3}
    };
    try (PairTokenizer tokenizer = PairTokenizer.open(CrossEncoderDirectory.open(folder))) {
      for (int[] lengths : cases) {
        TokenizedPair pair =
            tokenizer.pair(
                0,
                tokenizer.query("a ".repeat(lengths[0]), TruncationPolicy.TRUNCATE),
                "a ".repeat(lengths[1]),
                false);
        assertThat(pair.tokens().length()).isEqualTo(3 + lengths[2] + lengths[3]);
        // [CLS] and the first [SEP] are of the first side's type.
        assertThat(pair.tokens().firstLength()).isEqualTo(2 + lengths[2]);
      }
    }
  }

  @Test
  void eitherSideOfBothTextsIsCut() {
    try (PairTokenizer tokenizer = PairTokenizer.open(open(SmallModel.BERT_RERANKER))) {
      int[] right = cut(tokenizer, TruncationPolicy.TRUNCATE_RIGHT);
      int[] left = cut(tokenizer, TruncationPolicy.TRUNCATE_LEFT);

      // [CLS] 254 tokens [SEP] 255 tokens [SEP], of a text that is "the" but for its last word.
      assertThat(right).hasSize(512).hasSameSizeAs(left);
      assertThat(left[254]).isNotEqualTo(right[254]);
      assertThat(left[510]).isEqualTo(left[254]);
      assertThat(left[1]).isEqualTo(right[1]).isEqualTo(right[254]).isEqualTo(right[510]);
    }
  }

  private static int[] cut(PairTokenizer tokenizer, TruncationPolicy policy) {
    String text = "the ".repeat(400) + "a";
    return tokenizer.pair(0, tokenizer.query(text, policy), text, false).tokens().ids();
  }

  @Test
  void afterCloseEveryCallIsRefused() {
    Reranker reranker = Reranker.builder().model(open(SmallModel.BERT_RERANKER)).build();
    reranker.close();
    reranker.close();
    assertThatIllegalStateException().isThrownBy(() -> reranker.score("a", "b"));
  }

  /** As exporters of other makes write it. */
  @Test
  void theLogitMayHaveAnAxisMoreOrNoFixedSize() throws Exception {
    Path file = open(SmallModel.BERT_RERANKER).transformer().onnxFile(Precision.FP32);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    ModelProto.Builder unsized = model.toBuilder();
    dims(unsized).getDimBuilder(1).setDimParam("classes");
    ModelProto.Builder nested = model.toBuilder();
    dims(nested).addDimBuilder().setDimValue(1);
    GraphProto.Builder graph = nested.getGraphBuilder();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (graph.getNode(i).getOutput(0).equals("logits")) {
        graph.getNodeBuilder(i).setOutput(0, "flat");
      }
    }
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName("last_axis")
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(1)
            .setRawData(ByteString.copyFrom(new byte[] {1, 0, 0, 0, 0, 0, 0, 0})));
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Unsqueeze")
            .addInput("flat")
            .addInput("last_axis")
            .addOutput("logits"));

    SmallModel.Golden pair = SmallModel.BERT_RERANKER.golden().get(0);
    for (ModelProto changed : List.of(unsized.build(), nested.build())) {
      Files.write(file, changed.toByteArray());
      try (Reranker reranker =
          Reranker.builder().model(CrossEncoderDirectory.open(folder)).build()) {
        for (float score : reranker.score(pair.query(), List.of(pair.text(), pair.text()))) {
          assertThat((double) score).isCloseTo(pair.logit(), SAME);
        }
      }
    }
  }

  private static TensorShapeProto.Builder dims(ModelProto.Builder model) {
    return model
        .getGraphBuilder()
        .getOutputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder();
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Reranker.builder().build())
        .withMessageContaining("CrossEncoderDirectory.open");
  }
}
