package io.github.neuronembed.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.listener.EmbeddingModelErrorContext;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.listener.EmbeddingModelRequestContext;
import dev.langchain4j.model.embedding.listener.EmbeddingModelResponseContext;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15.BgeSmallEnV15EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.store.embedding.CosineSimilarity;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.BgeSmall;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.helpdesk.HelpDeskTexts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NeuronEmbeddingModelTest {

  private static final String TEXT = "where do I find last year's bill";

  private static TextEmbedder embedder;
  private static NeuronEmbeddingModel model;

  @BeforeAll
  static void open() {
    embedder = BgeSmall.open(TruncationPolicy.TRUNCATE);
    model = NeuronEmbeddingModel.builder().embedder(embedder).build();
  }

  @AfterAll
  static void close() {
    embedder.close();
  }

  @Test
  void givesTheVectorsOfTheModelThatItReplaces() {
    EmbeddingModel replaced = new BgeSmallEnV15EmbeddingModel();
    List<TextSegment> segments = segments(HelpDeskTexts.passages());

    List<Embedding> expected = replaced.embedAll(segments).content();
    List<Embedding> actual = model.embedAll(segments).content();

    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(CosineSimilarity.between(expected.get(i), actual.get(i)))
          .as(segments.get(i).text())
          .isGreaterThanOrEqualTo(0.99999);
    }
    assertThat(model.dimension()).isEqualTo(replaced.dimension());
  }

  @Test
  void oneTextAndManyGiveTheSame() {
    List<String> passages = HelpDeskTexts.passages();

    List<Embedding> together = model.embedAll(segments(passages)).content();

    for (int i = 0; i < passages.size(); i++) {
      assertThat(CosineSimilarity.between(model.embed(passages.get(i)).content(), together.get(i)))
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  @Test
  void aQueryIsNoDocument() {
    float[] query = embedder.embedQuery(TEXT);
    float[] passage = embedder.embedPassage(TEXT);

    assertThat(vector(request(TEXT, EmbeddingInputType.QUERY))).containsExactly(query);
    assertThat(vector(request(TEXT, EmbeddingInputType.DOCUMENT))).containsExactly(passage);
    assertThat(model.embed(TEXT).content().vector()).containsExactly(passage);
    assertThat(query).isNotEqualTo(passage);
  }

  @Test
  void countsTheTokensThatTheModelReads() {
    int tokens = embedder.countTokens(TEXT, InputType.PASSAGE);

    assertThat(model.embed(TEXT).tokenUsage()).isEqualTo(new TokenUsage(tokens));
    assertThat(model.embed(request(TEXT, EmbeddingInputType.QUERY)).tokenUsage())
        .isEqualTo(new TokenUsage(embedder.countTokens(TEXT, InputType.QUERY)));
    assertThat(model.embedAll(segments(List.of(TEXT, "a"))).tokenUsage())
        .isEqualTo(new TokenUsage(tokens + 3));
    assertThat(model.embed("word ".repeat(1_000)).tokenUsage()).isEqualTo(new TokenUsage(512));
  }

  @Test
  void tellsItsModel() {
    assertThat(model.dimension()).isEqualTo(384);
    assertThat(model.modelName()).isEqualTo("bge-small-en-v1.5");
    assertThat(model.embed(request(TEXT, EmbeddingInputType.QUERY)).modelName())
        .isEqualTo("bge-small-en-v1.5");
  }

  @Test
  void nothingAskedIsNothingDone() {
    Response<List<Embedding>> response = model.embedAll(List.of());

    assertThat(response.content()).isEmpty();
  }

  @Test
  void refusesWhatItCannotDo() {
    EmbeddingRequest dimensions = EmbeddingRequest.builder().input(TEXT).dimensions(128).build();
    EmbeddingRequest otherModel = EmbeddingRequest.builder().input(TEXT).modelName("other").build();
    EmbeddingRequest image =
        EmbeddingRequest.builder().input(ImageContent.from("file:///picture.png")).build();

    for (EmbeddingRequest request : List.of(dimensions, otherModel, image)) {
      assertThatExceptionOfType(UnsupportedFeatureException.class)
          .isThrownBy(() -> model.embed(request));
      assertThat(model.embedAsync(request))
          .failsWithin(Duration.ofMinutes(1))
          .withThrowableThat()
          .withCauseInstanceOf(UnsupportedFeatureException.class);
    }
  }

  @Test
  void embedsOneTextWithoutWaiting() {
    EmbeddingResponse response = model.embedAsync(request(TEXT, EmbeddingInputType.QUERY)).join();

    assertThat(response.embeddings()).hasSize(1);
    assertThat(response.embeddings().get(0).vector()).containsExactly(embedder.embedQuery(TEXT));
    assertThat(response.tokenUsage())
        .isEqualTo(new TokenUsage(embedder.countTokens(TEXT, InputType.QUERY)));
    assertThat(response.modelName()).isEqualTo("bge-small-en-v1.5");
  }

  @Test
  void embedsManyTextsWithoutWaiting() {
    List<TextSegment> segments = segments(HelpDeskTexts.passages());

    EmbeddingResponse response =
        model.embedAsync(EmbeddingRequest.builder().textSegments(segments).build()).join();

    List<Embedding> expected = model.embedAll(segments).content();
    assertThat(response.embeddings()).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(CosineSimilarity.between(response.embeddings().get(i), expected.get(i)))
          .isCloseTo(1, within(1e-5));
    }
    assertThat(response.tokenUsage()).isEqualTo(model.embedAll(segments).tokenUsage());
  }

  @Test
  @Timeout(60)
  void endsAsynchronousCallsOnTheExecutor() {
    List<Runnable> tasks = Collections.synchronizedList(new ArrayList<>());
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder().embedder(embedder).executor(tasks::add).build();

    CompletableFuture<EmbeddingResponse> response =
        own.embedAsync(
            EmbeddingRequest.builder().textSegments(segments(List.of("a", "b"))).build());

    assertThat(tasks).hasSize(1);
    assertThat(response).isNotDone();
    tasks.get(0).run();
    while (tasks.size() < 2) {
      Thread.onSpinWait();
    }
    assertThat(response).isNotDone();
    tasks.get(1).run();
    assertThat(response.join().embeddings()).hasSize(2);
  }

  @Test
  void aCancelledCallIsWithdrawn() {
    List<Runnable> tasks = Collections.synchronizedList(new ArrayList<>());
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder().embedder(embedder).executor(tasks::add).build();
    long before = embedder.snapshot().requests();

    CompletableFuture<EmbeddingResponse> response =
        own.embedAsync(
            EmbeddingRequest.builder().textSegments(segments(List.of("a", "b"))).build());
    response.cancel(false);
    tasks.get(0).run();

    assertThat(response).isCancelled();
    assertThat(embedder.snapshot().requests()).isEqualTo(before);
  }

  @Test
  void anExecutorThatRefusesFailsTheCall() {
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder()
            .embedder(embedder)
            .executor(
                task -> {
                  throw new RejectedExecutionException("full");
                })
            .build();

    for (List<String> texts : List.of(List.of("a"), List.of("a", "b"))) {
      assertThatExceptionOfType(CompletionException.class)
          .isThrownBy(
              () ->
                  own.embedAsync(EmbeddingRequest.builder().textSegments(segments(texts)).build())
                      .join())
          .withCauseInstanceOf(RejectedExecutionException.class);
    }
  }

  @Test
  void failsWithTheEmbeddersOwnExceptions() {
    String tooLong = "word ".repeat(1_000);
    try (TextEmbedder strict = BgeSmall.open(TruncationPolicy.STRICT)) {
      NeuronEmbeddingModel own = NeuronEmbeddingModel.builder().embedder(strict).build();

      assertThatExceptionOfType(TextTooLongException.class)
          .isThrownBy(() -> own.embedAll(segments(List.of(TEXT, tooLong))));
      for (List<String> texts : List.of(List.of(tooLong), List.of(TEXT, tooLong))) {
        assertThatExceptionOfType(CompletionException.class)
            .isThrownBy(
                () ->
                    own.embedAsync(EmbeddingRequest.builder().textSegments(segments(texts)).build())
                        .join())
            .withCauseInstanceOf(TextTooLongException.class);
      }
    }
  }

  @Test
  void tellsItsListeners() {
    Events events = new Events();
    Events added = new Events();
    NeuronEmbeddingModel listened =
        NeuronEmbeddingModel.builder()
            .embedder(embedder)
            .listeners(List.of(events))
            .build()
            .addListeners(List.of(added));

    listened.embed(TEXT);
    listened.embedAsync(request(TEXT, EmbeddingInputType.QUERY)).join();

    assertThat(events.seen).containsExactly("request", "response 384", "request", "response 384");
    assertThat(added.seen).isEqualTo(events.seen);
    assertThat(model.listeners()).isEmpty();
    assertThat(model.addListeners(List.of())).isSameAs(model);
  }

  @Test
  void tellsItsListenersOfAFailure() {
    Events events = new Events();
    NeuronEmbeddingModel closed =
        NeuronEmbeddingModel.builder()
            .modelDirectory(BgeSmall.directory())
            .listeners(List.of(events))
            .build();
    closed.close();

    assertThatIllegalStateException().isThrownBy(() -> closed.embed(TEXT));

    assertThat(events.seen).containsExactly("request", "error IllegalStateException");
  }

  @Test
  void closesTheEmbedderThatItOpened() {
    NeuronEmbeddingModel own =
        NeuronEmbeddingModel.builder()
            .modelDirectory(BgeSmall.directory())
            .options(options -> options.backend(BackendChoice.ONNX))
            .build();
    assertThat(own.embed(TEXT).content().vector()).containsExactly(embedder.embedPassage(TEXT));

    own.close();
    own.close();

    assertThatIllegalStateException().isThrownBy(() -> own.embed(TEXT));
  }

  @Test
  void leavesAGivenEmbedderOpen() {
    NeuronEmbeddingModel.builder().embedder(embedder).build().close();

    assertThat(embedder.embedPassage(TEXT)).hasSize(384);
  }

  @Test
  void wantsOneSourceOfVectors() {
    assertThatIllegalStateException()
        .isThrownBy(() -> NeuronEmbeddingModel.builder().build())
        .withMessageContaining("neither");
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                NeuronEmbeddingModel.builder()
                    .embedder(embedder)
                    .modelDirectory(BgeSmall.directory())
                    .build())
        .withMessageContaining("both");
    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(
            () -> NeuronEmbeddingModel.builder().modelDirectory(Path.of("nowhere")).build());
  }

  private static float[] vector(EmbeddingRequest request) {
    return model.embed(request).embeddings().get(0).vector();
  }

  private static EmbeddingRequest request(String text, EmbeddingInputType type) {
    return EmbeddingRequest.builder().input(text).inputType(type).build();
  }

  private static List<TextSegment> segments(List<String> texts) {
    return texts.stream().map(TextSegment::from).toList();
  }

  /** The events that a listener received, in order. */
  private static final class Events implements EmbeddingModelListener {

    final List<String> seen = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void onRequest(EmbeddingModelRequestContext context) {
      seen.add("request");
    }

    @Override
    public void onResponse(EmbeddingModelResponseContext context) {
      seen.add("response " + context.embeddingResponse().embeddings().get(0).dimension());
    }

    @Override
    public void onError(EmbeddingModelErrorContext context) {
      seen.add("error " + context.error().getClass().getSimpleName());
    }
  }
}
