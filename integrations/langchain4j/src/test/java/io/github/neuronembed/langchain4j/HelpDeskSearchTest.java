package io.github.neuronembed.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.helpdesk.HelpDeskTexts;
import io.github.neuronembed.helpdesk.PageExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Search over the help desk with LangChain4j's own parts: the example of docs/langchain4j.md. */
class HelpDeskSearchTest {

  private static NeuronEmbeddingModel opened;
  private static EmbeddingStore<TextSegment> filled;
  private static ContentRetriever search;

  @BeforeAll
  static void index() {
    Path modelDirectory = BgeSmall.directory();
    List<String> passages = HelpDeskTexts.passages();
    // example
    NeuronEmbeddingModel model =
        NeuronEmbeddingModel.builder().modelDirectory(modelDirectory).build();

    List<TextSegment> segments = passages.stream().map(TextSegment::from).toList();
    EmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
    store.addAll(model.embedAll(segments).content(), segments);

    ContentRetriever retriever =
        EmbeddingStoreContentRetriever.builder()
            .embeddingStore(store)
            .embeddingModel(model)
            .embeddingInputType(EmbeddingInputType.QUERY)
            .maxResults(3)
            .build();
    // end
    opened = model;
    filled = store;
    search = retriever;
  }

  @AfterAll
  static void close() {
    opened.close();
  }

  static List<HelpDeskTexts.Question> questions() {
    return HelpDeskTexts.questions();
  }

  @ParameterizedTest
  @MethodSource("questions")
  void findsTheAnswer(HelpDeskTexts.Question question) {
    List<Content> found = search.retrieve(Query.from(question.text()));

    assertThat(found).hasSize(3);
    assertThat(found.get(0).textSegment().text()).startsWith(question.answer());
  }

  @Test
  void findsTheSameWithoutWaiting() {
    Query query = Query.from(HelpDeskTexts.questions().get(0).text());
    ContentRetriever asynchronous =
        EmbeddingStoreContentRetriever.builder()
            .embeddingStore(filled)
            .embeddingModel(opened)
            .embeddingInputType(EmbeddingInputType.QUERY)
            .maxResults(3)
            .offloadBlocking(true) // the store blocks
            .build();

    assertThat(asynchronous.retrieveAsync(query).join()).isEqualTo(search.retrieve(query));
  }

  @Test
  void isTheExampleOfThePage() throws IOException {
    assertThat(Path.of("../../docs/langchain4j.md"))
        .content()
        .contains(PageExample.of(HelpDeskSearchTest.class));
  }
}
