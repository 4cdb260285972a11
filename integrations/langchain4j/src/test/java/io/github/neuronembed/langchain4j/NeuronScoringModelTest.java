package io.github.neuronembed.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.model.scoring.request.ScoringRequest;
import dev.langchain4j.model.scoring.response.ScoringResponse;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.aggregator.ContentAggregator;
import dev.langchain4j.rag.content.aggregator.ReRankingContentAggregator;
import dev.langchain4j.rag.query.Query;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.CrossEncoderDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NeuronScoringModelTest {

  private static final String QUERY = "how do I reset the password";

  @TempDir private Path folder;
  private CrossEncoderDirectory directory;

  @BeforeEach
  void writeModel() {
    directory = CrossEncoderDirectory.open(SmallModel.XLM_ROBERTA_RERANKER.writeTo(folder));
  }

  @Test
  void scoresAreTheRerankers() throws Exception {
    List<String> texts = List.of("open the settings page", "the sailor found a box", "a letter");
    try (Reranker reranker = Reranker.builder().model(directory).build()) {
      ScoringModel model = new NeuronScoringModel(reranker);
      float[] expected = reranker.score(QUERY, texts);

      Response<List<Double>> all =
          model.scoreAll(texts.stream().map(TextSegment::from).toList(), QUERY);
      ScoringResponse later =
          model.scoreAsync(ScoringRequest.builder().query(QUERY).documents(texts).build()).get();
      for (int i = 0; i < expected.length; i++) {
        assertThat(all.content().get(i)).isCloseTo(expected[i], within(1e-6));
        assertThat(later.scores().get(i)).isCloseTo(expected[i], within(1e-6));
        assertThat(model.score(texts.get(i), QUERY).content()).isCloseTo(expected[i], within(1e-6));
      }
      TokenUsage usage = Objects.requireNonNull(later.tokenUsage());
      assertThat(usage.inputTokenCount()).isGreaterThan(3 * 8);
      assertThat(all.tokenUsage()).isEqualTo(usage);
      assertThat(later.modelName()).isEqualTo(reranker.modelName());
    }
  }

  @Test
  void anAggregatorReranksWhatWasRetrieved() {
    List<String> texts = List.of("open the settings page", "the sailor found a box", "a letter");
    try (Reranker reranker = Reranker.builder().model(directory).build()) {
      ContentAggregator aggregator =
          ReRankingContentAggregator.builder()
              .scoringModel(new NeuronScoringModel(reranker))
              .maxResults(2)
              .build();

      List<Content> best =
          aggregator.aggregate(
              Map.of(Query.from(QUERY), List.of(texts.stream().map(Content::from).toList())));

      assertThat(best.stream().map(content -> content.textSegment().text()))
          .containsExactlyElementsOf(
              reranker.rank(QUERY, texts).stream()
                  .limit(2)
                  .map(text -> texts.get(text.index()))
                  .toList());
    }
  }

  @Test
  void aTextThatMustNotBeCutIsRefused() {
    try (Reranker reranker =
        Reranker.builder().model(directory).truncation(TruncationPolicy.STRICT).build()) {
      ScoringModel model = new NeuronScoringModel(reranker);
      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> model.score("word ".repeat(1000), QUERY));
    }
  }
}
