package io.github.neuronembed.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.springai.NeuronDocumentPostProcessor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.document.Document;
import org.springframework.ai.rag.Query;
import org.springframework.ai.rag.postretrieval.document.DocumentPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class NeuronRerankerAutoConfigurationTest {

  private static final Query QUERY = new Query("how do I reset the password");
  private static final List<Document> DOCUMENTS =
      List.of(
          new Document("open the settings page"),
          new Document("the sailor found a box"),
          new Document("category: letters", Map.of("kind", "note")));

  @TempDir private static Path folder;

  private final ApplicationContextRunner bare =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  NeuronRerankerAutoConfiguration.class,
                  NeuronDocumentPostProcessorAutoConfiguration.class,
                  NeuronRerankerHealthAutoConfiguration.class));
  private final ApplicationContextRunner configured =
      bare.withPropertyValues("neuronembed.reranker.model-directory=" + folder);

  @BeforeAll
  static void writeModel() {
    SmallModel.XLM_ROBERTA_RERANKER.writeTo(folder);
  }

  @Test
  void makesAPostProcessorOfADirectory() {
    configured.run(
        context -> {
          Reranker reranker = context.getBean(Reranker.class);
          List<Document> ranked =
              context.getBean(DocumentPostProcessor.class).process(QUERY, DOCUMENTS);

          assertThat(ranked)
              .isEqualTo(
                  NeuronDocumentPostProcessor.builder(reranker).build().process(QUERY, DOCUMENTS));
          assertThat(ranked).hasSize(3);
        });
  }

  @Test
  void obeysItsProperties() {
    configured
        .withPropertyValues(
            "neuronembed.reranker.top-n=2",
            "neuronembed.reranker.truncation=strict",
            "neuronembed.reranker.metadata-mode=all")
        .run(
            context -> {
              DocumentPostProcessor processor = context.getBean(DocumentPostProcessor.class);
              assertThat(processor.process(QUERY, DOCUMENTS)).hasSize(2);
              assertThat(processor.process(QUERY, DOCUMENTS.subList(2, 3)).get(0).getScore())
                  .isEqualTo(
                      (double)
                          context
                              .getBean(Reranker.class)
                              .score(QUERY.text(), "kind: note\n\ncategory: letters"));
              assertThatExceptionOfType(TextTooLongException.class)
                  .isThrownBy(
                      () -> processor.process(QUERY, List.of(new Document("word ".repeat(1_000)))));
            });
    configured
        .withPropertyValues("neuronembed.reranker.min-score=1.5")
        .run(
            context ->
                assertThat(context.getBean(DocumentPostProcessor.class).process(QUERY, DOCUMENTS))
                    .isEmpty());
    configured
        .withPropertyValues("neuronembed.reranker.top-n=0")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("at least 1, not 0"));
    configured
        .withPropertyValues("neuronembed.reranker.precision=int8")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(ModelLoadException.class));
    configured
        .withPropertyValues("neuronembed.reranker.backend=cpu")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(BackendUnavailableException.class)
                    .hasMessageContaining("use ONNX Runtime"));
  }

  @Test
  void staysAwayUnlessItIsAskedFor() {
    bare.run(
        context ->
            assertThat(context)
                .hasNotFailed()
                .doesNotHaveBean(Reranker.class)
                .doesNotHaveBean(DocumentPostProcessor.class)
                .doesNotHaveBean(HealthIndicator.class));
    bare.withPropertyValues("neuronembed.reranker.model-directory=nowhere")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(ModelLoadException.class)
                    .hasMessageContaining("nowhere"));
  }

  @Test
  void needsNoRetrievalForAReranker() {
    configured
        .withClassLoader(new FilteredClassLoader(DocumentPostProcessor.class))
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .hasSingleBean(Reranker.class)
                    .doesNotHaveBean("neuronDocumentPostProcessor"));
  }

  @Test
  void usesARerankerOfTheApplications() {
    try (Reranker own = Reranker.builder().model(CrossEncoderDirectory.open(folder)).build()) {
      configured
          .withBean("own", Reranker.class, () -> own)
          .run(
              context -> {
                assertThat(context.getBean(Reranker.class)).isSameAs(own);
                long before = own.snapshot().requests();
                context.getBean(DocumentPostProcessor.class).process(QUERY, DOCUMENTS);
                assertThat(own.snapshot().requests()).isEqualTo(before + 3);
              });
    }
  }

  @Test
  void closesTheRerankerWithTheContext() {
    configured.run(
        context -> {
          DocumentPostProcessor processor = context.getBean(DocumentPostProcessor.class);

          context.getSourceApplicationContext().close();

          assertThatIllegalStateException().isThrownBy(() -> processor.process(QUERY, DOCUMENTS));
        });
  }

  @Test
  void metersInTheApplicationsRegistry() {
    configured
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .run(
            context -> {
              context.getBean(DocumentPostProcessor.class).process(QUERY, DOCUMENTS.subList(0, 1));

              assertThat(
                      context
                          .getBean(MeterRegistry.class)
                          .get("embedding.tokenize.time")
                          .tag("model", context.getBean(Reranker.class).modelName())
                          .timer()
                          .count())
                  .isEqualTo(1);
            });
  }

  @Test
  void tellsItsHealth() {
    configured.run(
        context -> {
          Health health = Objects.requireNonNull(context.getBean(HealthIndicator.class).health());
          assertThat(health.getStatus()).isEqualTo(Status.UP);
          assertThat(health.getDetails())
              .containsEntry("state", "ready")
              .containsEntry("model", context.getBean(Reranker.class).modelName())
              .containsKey("backend");
        });
    configured
        .withPropertyValues("management.health.neuronembed-reranker.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(Reranker.class)
                    .doesNotHaveBean(HealthIndicator.class));
  }

  @Test
  void isFoundBySpringBoot() {
    assertThat(ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader()))
        .contains(
            NeuronRerankerAutoConfiguration.class.getName(),
            NeuronDocumentPostProcessorAutoConfiguration.class.getName(),
            NeuronRerankerHealthAutoConfiguration.class.getName());
  }
}
