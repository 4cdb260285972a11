package io.github.neuronembed.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.engine.EngineHealth.State;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.springai.NeuronEmbeddingModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class NeuronEmbeddingAutoConfigurationTest {

  private static final String TEXT = "where do I find last year's bill";

  private final ApplicationContextRunner bare =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  NeuronEmbeddingAutoConfiguration.class,
                  NeuronEmbeddingHealthAutoConfiguration.class));
  private final ApplicationContextRunner configured =
      bare.withPropertyValues(
          "neuronembed.model-directory=" + BgeSmall.directory(), "neuronembed.backend=onnx");

  @Test
  void makesAModelOfADirectory() {
    configured.run(
        context -> {
          EmbeddingModel model = context.getBean(EmbeddingModel.class);
          TextEmbedder embedder = context.getBean(TextEmbedder.class);
          assertThat(model).isInstanceOf(NeuronEmbeddingModel.class);
          assertThat(model.dimensions()).isEqualTo(384);
          assertThat(embedder.backend()).contains("onnxruntime");
          assertThat(model.embed(TEXT)).containsExactly(embedder.embedQuery(TEXT));
          assertThat(model.embed(new Document(TEXT))).containsExactly(embedder.embedPassage(TEXT));
        });
  }

  @Test
  void obeysItsProperties() {
    configured
        .withPropertyValues("neuronembed.text-type=passage", "neuronembed.truncation=strict")
        .run(
            context -> {
              EmbeddingModel model = context.getBean(EmbeddingModel.class);
              assertThat(model.embed(TEXT))
                  .containsExactly(context.getBean(TextEmbedder.class).embedPassage(TEXT));
              assertThatExceptionOfType(TextTooLongException.class)
                  .isThrownBy(() -> model.embed("word ".repeat(1_000)));
            });
  }

  @Test
  void handsTheEngineItsProperties() {
    configured
        .withPropertyValues("neuronembed.engine.bulk-share=7")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("bulk share must be at least 0 and below 1, not 7"));
  }

  @Test
  void setsWhatIsSetAndNothingElse() {
    EngineOptions.Builder changed = EngineOptions.builder();
    new NeuronEmbeddingProperties.Engine(3, 4, 5L, Duration.ofMillis(6), 0.7, Duration.ofSeconds(8))
        .applyTo(changed);
    EngineOptions.Builder unchanged = EngineOptions.builder();
    new NeuronEmbeddingProperties.Engine(null, null, null, null, null, null).applyTo(unchanged);

    assertThat(changed.build())
        .isEqualTo(
            EngineOptions.builder()
                .slotsPerReplica(3)
                .maxQueuedRequests(4)
                .maxQueuedTokens(5)
                .batchWait(Duration.ofMillis(6))
                .bulkShare(0.7)
                .closeTimeout(Duration.ofSeconds(8))
                .build());
    assertThat(unchanged.build()).isEqualTo(EngineOptions.builder().build());
  }

  @Test
  void wantsAModelDirectory() {
    bare.run(
        context ->
            assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("neuronembed.model-directory is not set"));
    bare.withPropertyValues("neuronembed.model-directory=nowhere")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .isInstanceOf(ModelLoadException.class)
                    .hasMessageContaining("nowhere"));
  }

  @Test
  void backsOffFromAModelOfTheApplications() {
    bare.withBean(EmbeddingModel.class, OtherModel::new)
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(EmbeddingModel.class);
              assertThat(context.getBean(EmbeddingModel.class)).isInstanceOf(OtherModel.class);
              assertThat(context).doesNotHaveBean(TextEmbedder.class);
              assertThat(context).doesNotHaveBean(HealthIndicator.class);
            });
  }

  @Test
  void backsOffWhenAnotherModelIsChosen() {
    configured
        .withPropertyValues("spring.ai.model.embedding=openai")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean(EmbeddingModel.class)
                    .doesNotHaveBean(TextEmbedder.class));
    configured
        .withPropertyValues("spring.ai.model.embedding=neuron-embed")
        .run(context -> assertThat(context).hasSingleBean(NeuronEmbeddingModel.class));
  }

  @Test
  void usesAnEmbedderOfTheApplications() {
    try (TextEmbedder own =
        TextEmbedder.builder()
            .model(ModelDirectory.open(BgeSmall.directory()))
            .backend(BackendChoice.ONNX)
            .build()) {
      bare.withBean("own", TextEmbedder.class, () -> own)
          .run(
              context -> {
                assertThat(context.getBean(TextEmbedder.class)).isSameAs(own);
                long before = own.snapshot().requests();
                context.getBean(EmbeddingModel.class).embed(TEXT);
                assertThat(own.snapshot().requests()).isEqualTo(before + 1);
              });
    }
  }

  @Test
  void closesTheEmbedderWithTheContext() {
    configured.run(
        context -> {
          EmbeddingModel model = context.getBean(EmbeddingModel.class);
          assertThat(model.embed(TEXT)).hasSize(384);

          context.getSourceApplicationContext().close();

          assertThatIllegalStateException().isThrownBy(() -> model.embed(TEXT));
        });
  }

  @Test
  void metersAndObservesInTheApplicationsRegistries() {
    AtomicInteger observed = new AtomicInteger();
    configured
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withBean(
            ObservationRegistry.class,
            () -> {
              ObservationRegistry registry = ObservationRegistry.create();
              registry.observationConfig().observationHandler(new Counting(observed));
              return registry;
            })
        .run(
            context -> {
              MeterRegistry meters = context.getBean(MeterRegistry.class);

              context.getBean(EmbeddingModel.class).embed(TEXT);

              assertThat(observed).hasValue(1);
              assertThat(
                      meters
                          .get("embedding.requests")
                          .tag("model", "bge-small-en-v1.5")
                          .timer()
                          .count())
                  .isEqualTo(1);
              assertThat(meters.find("embedding.queue.depth").gauges()).hasSize(2);
            });
  }

  @Test
  void tellsItsHealth() {
    configured.run(
        context -> {
          HealthIndicator indicator = context.getBean(HealthIndicator.class);
          Health health = Objects.requireNonNull(indicator.health());
          assertThat(health.getStatus()).isEqualTo(Status.UP);
          assertThat(health.getDetails())
              .containsEntry("state", "ready")
              .containsEntry("model", "bge-small-en-v1.5")
              .containsKey("backend")
              .doesNotContainKey("failedCores");

          context.getBean(TextEmbedder.class).close();

          Health closed = Objects.requireNonNull(indicator.health());
          assertThat(closed.getStatus()).isEqualTo(Status.DOWN);
          assertThat(closed.getDetails()).containsEntry("state", "failed");
        });
  }

  @Test
  void servesWhileDegraded() {
    Health.Builder builder = new Health.Builder();

    NeuronEmbeddingHealthIndicator.report(
        new EngineHealth(State.DEGRADED, Map.of(1, "hardware error")), builder);

    Health health = builder.build();
    assertThat(health.getStatus()).isEqualTo(Status.UP);
    assertThat(health.getDetails())
        .containsEntry("state", "degraded")
        .containsEntry("failedCores", Map.of(1, "hardware error"));
  }

  @Test
  void hasNoHealthWhenItIsSwitchedOff() {
    configured
        .withPropertyValues("management.health.neuronembed.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(EmbeddingModel.class)
                    .doesNotHaveBean(HealthIndicator.class));
  }

  @Test
  void isFoundBySpringBoot() {
    assertThat(ImportCandidates.load(AutoConfiguration.class, getClass().getClassLoader()))
        .contains(
            NeuronEmbeddingAutoConfiguration.class.getName(),
            NeuronEmbeddingHealthAutoConfiguration.class.getName());
  }

  @Test
  void describesItsPropertiesToEditors() throws IOException {
    try (InputStream in =
        NeuronEmbeddingProperties.class.getResourceAsStream(
            "/META-INF/spring-configuration-metadata.json")) {
      String metadata =
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      for (String property :
          List.of(
              "model-directory",
              "backend",
              "precision",
              "truncation",
              "text-type",
              "metadata-mode",
              "engine.slots-per-replica",
              "engine.max-queued-requests",
              "engine.max-queued-tokens",
              "engine.batch-wait",
              "engine.bulk-share",
              "engine.close-timeout")) {
        assertThat(metadata)
            .containsPattern(
                "\"name\": \"neuronembed\\." + property + "\",\\s+\"type\": [^}]+\"description\"");
      }
    }
  }

  /** An embedding model that the application brings. */
  private static final class OtherModel implements EmbeddingModel {

    @Override
    public EmbeddingResponse call(EmbeddingRequest request) {
      return new EmbeddingResponse(List.of());
    }

    @Override
    public float[] embed(Document document) {
      return new float[1];
    }
  }

  /** Counts observations that ended. */
  private record Counting(AtomicInteger count) implements ObservationHandler<Observation.Context> {

    @Override
    public void onStop(Observation.Context context) {
      count.incrementAndGet();
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }
  }
}
