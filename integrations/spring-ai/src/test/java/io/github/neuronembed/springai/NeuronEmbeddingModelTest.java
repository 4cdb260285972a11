package io.github.neuronembed.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.helpdesk.HelpDeskTexts;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.TokenCountBatchingStrategy;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;

class NeuronEmbeddingModelTest {

  private static final String TEXT = "where do I find last year's bill";
  private static final EmbeddingOptions NOTHING_SAID = EmbeddingOptions.builder().build();

  private static TextEmbedder embedder;
  private static NeuronEmbeddingModel model;

  @BeforeAll
  static void open() {
    embedder = BgeSmall.open(TruncationPolicy.TRUNCATE);
    model = NeuronEmbeddingModel.builder(embedder).build();
  }

  @AfterAll
  static void close() {
    embedder.close();
  }

  @Test
  void aLoneStringIsAQuery() {
    assertThat(model.embed(TEXT)).containsExactly(embedder.embedQuery(TEXT));
    assertThat(embedder.embedQuery(TEXT)).isNotEqualTo(embedder.embedPassage(TEXT));
  }

  @Test
  void aLoneStringHasTheBuildersType() {
    NeuronEmbeddingModel passages =
        NeuronEmbeddingModel.builder(embedder).textType(InputType.PASSAGE).build();

    assertThat(passages.embed(TEXT)).containsExactly(embedder.embedPassage(TEXT));
  }

  @Test
  void documentsAndListsArePassages() {
    float[] passage = embedder.embedPassage(TEXT);

    assertThat(model.embed(new Document(TEXT))).containsExactly(passage);
    assertThat(model.embed(List.of(TEXT)).get(0)).containsExactly(passage);
    assertThat(model.embedForResponse(List.of(TEXT)).getResult().getOutput())
        .containsExactly(passage);
    assertThat(
            model
                .embed(List.of(new Document(TEXT)), NOTHING_SAID, new TokenCountBatchingStrategy())
                .get(0))
        .containsExactly(passage);
  }

  @Test
  void optionsSayWhatTheTextsAre() {
    EmbeddingResponse response =
        model.call(
            new EmbeddingRequest(List.of(TEXT), new NeuronEmbeddingOptions(InputType.QUERY)));

    assertThat(response.getResult().getOutput()).containsExactly(embedder.embedQuery(TEXT));
  }

  @Test
  void countsFromZeroAndKeepsTheOrder() {
    List<String> passages = HelpDeskTexts.passages();

    EmbeddingResponse response = model.embedForResponse(passages);

    List<float[]> expected = embedder.embedPassages(passages);
    assertThat(response.getResults()).hasSameSizeAs(passages);
    for (int i = 0; i < passages.size(); i++) {
      Embedding embedding = response.getResults().get(i);
      assertThat(embedding.getIndex()).isEqualTo(i);
      assertThat(dot(embedding.getOutput(), expected.get(i))).isGreaterThanOrEqualTo(0.99999);
    }
  }

  @Test
  void tellsModelAndUsage() {
    EmbeddingResponse response = model.embedForResponse(List.of(TEXT, "word ".repeat(1_000)));

    assertThat(response.getMetadata().getModel()).isEqualTo("bge-small-en-v1.5");
    int tokens = embedder.countTokens(TEXT, InputType.PASSAGE) + 512;
    assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(tokens);
    assertThat(response.getMetadata().getUsage().getTotalTokens()).isEqualTo(tokens);
  }

  @Test
  void knowsItsDimensionsWithoutACall() {
    long before = embedder.snapshot().requests();

    assertThat(model.dimensions()).isEqualTo(384);

    assertThat(embedder.snapshot().requests()).isEqualTo(before);
  }

  @Test
  void nothingAskedIsNothingDone() {
    assertThat(model.embedForResponse(List.of()).getResults()).isEmpty();
  }

  @Test
  void refusesOptionsThatItCannotMeet() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> call(EmbeddingOptions.builder().dimensions(128).build()))
        .withMessageContaining("384");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> call(EmbeddingOptions.builder().model("other").build()))
        .withMessageContaining("bge-small-en-v1.5");
    assertThat(
            call(EmbeddingOptions.builder().model("bge-small-en-v1.5").dimensions(384).build())
                .getResults())
        .hasSize(1);
  }

  @Test
  void embedsTheChosenMetadata() {
    Document document = new Document(TEXT, Map.of("topic", "billing"));
    NeuronEmbeddingModel all =
        NeuronEmbeddingModel.builder(embedder).metadataMode(MetadataMode.ALL).build();

    assertThat(model.getEmbeddingContent(document)).isEqualTo(TEXT);
    assertThat(all.getEmbeddingContent(document)).contains("topic: billing").contains(TEXT);
    assertThat(all.embed(document))
        .containsExactly(embedder.embedPassage(all.getEmbeddingContent(document)));
  }

  @Test
  void failsWithTheEmbeddersOwnExceptions() {
    try (TextEmbedder strict = BgeSmall.open(TruncationPolicy.STRICT)) {
      NeuronEmbeddingModel own = NeuronEmbeddingModel.builder(strict).build();

      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> own.embed("word ".repeat(1_000)));
    }
  }

  @Test
  void isObserved() {
    Observed observed = new Observed();
    MeterRegistry meters = new SimpleMeterRegistry();
    ObservationRegistry registry = ObservationRegistry.create();
    registry
        .observationConfig()
        .observationHandler(observed)
        .observationHandler(new DefaultMeterObservationHandler(meters));
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder(embedder).observationRegistry(registry).build();

    own.embed(TEXT);

    assertThat(
            meters
                .get("gen_ai.client.operation")
                .tag("gen_ai.operation.name", "embedding")
                .tag("gen_ai.request.model", "bge-small-en-v1.5")
                .tag("gen_ai.response.model", "bge-small-en-v1.5")
                .timer()
                .getId()
                .getTags())
        .contains(Tag.of("gen_ai.system", "neuron-embed"), Tag.of("error", "none"));
    assertThat(observed.stopped).hasSize(1);
    EmbeddingModelObservationContext context = observed.stopped.get(0);
    EmbeddingResponse response = Objects.requireNonNull(context.getResponse());
    assertThat(response.getMetadata().getUsage().getPromptTokens())
        .isEqualTo(embedder.countTokens(TEXT, InputType.QUERY));
  }

  @Test
  void aFailureIsObserved() {
    Observed observed = new Observed();
    ObservationRegistry registry = ObservationRegistry.create();
    registry.observationConfig().observationHandler(observed);
    TextEmbedder closed = BgeSmall.open(TruncationPolicy.TRUNCATE);
    closed.close();
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder(closed).observationRegistry(registry).build();

    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> own.embed(TEXT));

    assertThat(observed.stopped).hasSize(1);
    assertThat(observed.stopped.get(0).getError()).isInstanceOf(IllegalStateException.class);
  }

  private static EmbeddingResponse call(EmbeddingOptions options) {
    return model.call(new EmbeddingRequest(List.of(TEXT), options));
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /** Keeps what was observed. */
  private static final class Observed
      implements ObservationHandler<EmbeddingModelObservationContext> {

    final List<EmbeddingModelObservationContext> stopped = new ArrayList<>();

    @Override
    public void onStop(EmbeddingModelObservationContext context) {
      stopped.add(context);
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return context instanceof EmbeddingModelObservationContext;
    }
  }
}
