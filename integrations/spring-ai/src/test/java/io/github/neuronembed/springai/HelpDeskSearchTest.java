package io.github.neuronembed.springai;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Search over the help desk in a Spring Boot application: the example of docs/spring-ai.md. */
class HelpDeskSearchTest {

  private static ConfigurableApplicationContext application;

  // example
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class HelpDeskApplication {

    @Bean
    VectorStore vectorStore(EmbeddingModel embeddingModel) {
      return SimpleVectorStore.builder(embeddingModel).build();
    }

    @Bean
    HelpDesk helpDesk(VectorStore vectorStore) {
      return new HelpDesk(vectorStore);
    }
  }

  record HelpDesk(VectorStore vectorStore) {

    void index(List<String> passages) {
      vectorStore.add(passages.stream().map(Document::new).toList());
    }

    List<Document> search(String question) {
      return vectorStore.similaritySearch(SearchRequest.builder().query(question).topK(3).build());
    }
  }

  // end

  @BeforeAll
  static void start() {
    application =
        new SpringApplicationBuilder(HelpDeskApplication.class)
            .web(WebApplicationType.NONE)
            .properties("neuronembed.model-directory=" + BgeSmall.directory())
            .run();
    application.getBean(HelpDesk.class).index(HelpDeskTexts.passages());
  }

  @AfterAll
  static void stop() {
    application.close();
  }

  static List<HelpDeskTexts.Question> questions() {
    return HelpDeskTexts.questions();
  }

  @ParameterizedTest
  @MethodSource("questions")
  void findsTheAnswer(HelpDeskTexts.Question question) {
    List<Document> found = application.getBean(HelpDesk.class).search(question.text());

    assertThat(found).hasSize(3);
    assertThat(found.get(0).getText()).startsWith(question.answer());
  }

  @Test
  void isTheExampleOfThePage() throws IOException {
    assertThat(Path.of("../../docs/spring-ai.md"))
        .content()
        .contains(PageExample.of(HelpDeskSearchTest.class));
  }
}
