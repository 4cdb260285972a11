package io.github.neuronembed.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.neuronembed.RankedText;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.CrossEncoderDirectory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.document.DefaultContentFormatter;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.rag.Query;

class NeuronDocumentPostProcessorTest {

  private static final Query QUERY = new Query("how do I reset the password");
  private static final List<String> TEXTS =
      List.of("open the settings page", "the sailor found a box", "a letter", "a letter");

  @TempDir private static Path folder;
  private static CrossEncoderDirectory directory;
  private static Reranker reranker;

  @BeforeAll
  static void open() {
    directory = CrossEncoderDirectory.open(SmallModel.XLM_ROBERTA_RERANKER.writeTo(folder));
    reranker = Reranker.builder().model(directory).build();
  }

  @AfterAll
  static void close() {
    reranker.close();
  }

  /** The texts as a retriever gives them, with ids, metadata and scores of its own. */
  private static List<Document> retrieved() {
    return IntStream.range(0, TEXTS.size())
        .mapToObj(
            i ->
                Document.builder()
                    .id("d" + i)
                    .text(TEXTS.get(i))
                    .metadata("page", i)
                    .score(0.5)
                    .build())
        .toList();
  }

  private static double score(Document document) {
    return Objects.requireNonNull(document.getScore());
  }

  private static NeuronDocumentPostProcessor all() {
    return NeuronDocumentPostProcessor.builder(reranker).build();
  }

  @Test
  void ordersByTheRerankersScores() {
    List<RankedText> ranked = reranker.rank(QUERY.text(), TEXTS);

    List<Document> documents = all().process(QUERY, retrieved());

    assertThat(documents).hasSameSizeAs(TEXTS);
    for (int i = 0; i < documents.size(); i++) {
      int from = ranked.get(i).index();
      assertThat(documents.get(i).getId()).isEqualTo("d" + from);
      assertThat(documents.get(i).getText()).isEqualTo(TEXTS.get(from));
      assertThat(documents.get(i).getMetadata()).isEqualTo(Map.of("page", from));
      assertThat(documents.get(i).getScore()).isEqualTo((double) ranked.get(i).score());
    }
  }

  @Test
  void keepsTheBest() {
    List<Document> everything = all().process(QUERY, retrieved());
    double second = score(everything.get(1));

    assertThat(
            NeuronDocumentPostProcessor.builder(reranker)
                .topN(2)
                .build()
                .process(QUERY, retrieved()))
        .isEqualTo(everything.subList(0, 2));
    assertThat(
            NeuronDocumentPostProcessor.builder(reranker)
                .topN(100)
                .build()
                .process(QUERY, retrieved()))
        .isEqualTo(everything);
    assertThat(
            NeuronDocumentPostProcessor.builder(reranker)
                .minScore(second)
                .build()
                .process(QUERY, retrieved()))
        .isEqualTo(everything.stream().filter(document -> score(document) >= second).toList());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NeuronDocumentPostProcessor.builder(reranker).topN(0))
        .withMessageContaining("at least 1, not 0");
  }

  @Test
  void takesNothingAndOne() {
    Document one = new Document(TEXTS.get(0));

    assertThat(all().process(QUERY, List.of())).isEmpty();
    assertThat(all().process(QUERY, List.of(one)))
        .singleElement()
        .satisfies(
            document ->
                assertThat(document.getScore())
                    .isEqualTo((double) reranker.score(QUERY.text(), TEXTS.get(0))));
  }

  @Test
  void scoresAndKeepsMetadataAsItIsAsked() {
    Document document = new Document("d", "a letter", Map.of("title", "the password"));
    DefaultContentFormatter formatter =
        DefaultContentFormatter.builder().withTextTemplate("{metadata_string}. {content}").build();
    document.setContentFormatter(formatter);

    Document scored =
        NeuronDocumentPostProcessor.builder(reranker)
            .metadataMode(MetadataMode.ALL)
            .build()
            .process(QUERY, List.of(document))
            .get(0);

    assertThat(scored.getScore())
        .isEqualTo((double) reranker.score(QUERY.text(), "title: the password. a letter"));
    assertThat(scored.getContentFormatter()).isSameAs(formatter);
  }

  @Test
  void failsAsTheRerankerDoes() {
    Reranker closed =
        Reranker.builder().model(directory).truncation(TruncationPolicy.STRICT).build();
    NeuronDocumentPostProcessor strict = NeuronDocumentPostProcessor.builder(closed).build();
    List<Document> tooLong = List.of(new Document("a letter"), new Document("word ".repeat(1000)));

    assertThatExceptionOfType(TextTooLongException.class)
        .isThrownBy(() -> strict.process(QUERY, tooLong))
        .satisfies(e -> assertThat(e.index()).isEqualTo(1));
    closed.close();
    assertThatIllegalStateException().isThrownBy(() -> strict.process(QUERY, retrieved()));
  }
}
