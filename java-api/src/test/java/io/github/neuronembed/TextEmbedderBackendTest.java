package io.github.neuronembed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.neuronembed.backend.FakeBackend;
import io.github.neuronembed.backend.Shape;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.ModelFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An embedder over a backend that the application gives. */
@Timeout(60)
class TextEmbedderBackendTest {

  private static final Shape SHAPE = new Shape(2, 32);
  private static final List<String> TEXTS = List.of("the fox", "the", "fox the fox");

  @TempDir private Path folder;

  private TextEmbedderBuilder over(FakeBackend backend) {
    return TextEmbedder.builder()
        .model(ModelFolder.complete(folder.resolve("model")).open())
        .backend(backend);
  }

  /** A tiny model has vectors of 8 numbers of length 1; the backend hashes a row's ids. */
  private static float[] vectorOf(int[] ids) {
    float[] hash = FakeBackend.vectorOf(ids);
    double squares = 0;
    for (float x : hash) {
      squares += (double) x * x;
    }
    float[] vector = new float[8];
    for (int i = 0; i < hash.length; i++) {
      vector[i] = hash[i] * (float) (1 / Math.sqrt(squares));
    }
    return vector;
  }

  @Test
  void everyFormGivesTheVectorsOfTheBackend() {
    FakeBackend backend = FakeBackend.quick(1, SHAPE).withHiddenSize(8);
    try (TextEmbedder embedder = over(backend).build()) {
      List<int[]> ids = embedder.tokenize(TEXTS, InputType.PASSAGE);
      assertThat(ids.get(0)).isEqualTo(embedder.tokenize("the fox", InputType.PASSAGE));

      List<float[]> vectors = embedder.embedTokens(ids, RequestOptions.BULK);
      List<float[]> later = embedder.embedTokensAsync(ids, RequestOptions.INTERACTIVE).join();

      assertThat(vectors).hasSameSizeAs(TEXTS);
      for (int i = 0; i < TEXTS.size(); i++) {
        float[] expected = vectorOf(ids.get(i));
        assertThat(vectors.get(i)).isEqualTo(expected);
        assertThat(later.get(i)).isEqualTo(expected);
        assertThat(embedder.embedPassage(TEXTS.get(i))).isEqualTo(expected);
        assertThat(embedder.embedTokens(ids.get(i), RequestOptions.INTERACTIVE))
            .isEqualTo(expected);
      }
      assertThat(embedder.backend()).isEqualTo("fake");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  embedder.embedTokens(
                      new int[] {ModelFolder.VOCABULARY}, RequestOptions.INTERACTIVE))
          .withMessageContaining("vocabulary");
    }
    assertThat(backend.closed).isTrue();
  }

  @Test
  void aBackendThatWasNotTakenStaysTheCallers() {
    FakeBackend backend = FakeBackend.quick(1, SHAPE).withHiddenSize(16);

    assertThatExceptionOfType(ModelLoadException.class)
        .isThrownBy(() -> over(backend).build())
        .withMessageContainingAll("8 numbers", "fake gives 16");
    assertThat(backend.closed).isFalse();
    assertThat(backend.openSlots).hasValue(0);
  }

  @Test
  void overloadIsTheFuturesFailureAndBulkWorkNeedNotWait() throws Exception {
    Semaphore gate = new Semaphore(0);
    FakeBackend backend = FakeBackend.gated(1, gate, SHAPE).withHiddenSize(8);
    try (TextEmbedder embedder =
        over(backend).engine(options -> options.maxQueuedRequests(1).slotsPerReplica(1)).build()) {
      List<CompletableFuture<float[]>> accepted = new ArrayList<>();
      accepted.add(embedder.embedAsync("the", InputType.PASSAGE));
      while (backend.executing.get() == 0) {
        Thread.sleep(1);
      }
      accepted.add(embedder.embedAsync("fox", InputType.PASSAGE));
      accepted.add(embedder.embedAsync("fox", InputType.PASSAGE, RequestOptions.BULK));

      List<CompletableFuture<?>> refused = new ArrayList<>();
      refused.add(embedder.embedAsync("the fox", InputType.PASSAGE));
      refused.add(
          embedder.embedAsync("the fox", InputType.PASSAGE, RequestOptions.BULK.withoutWaiting()));
      refused.add(
          embedder.embedTokensAsync(
              embedder.tokenize(TEXTS, InputType.PASSAGE), RequestOptions.INTERACTIVE));

      for (CompletableFuture<?> future : refused) {
        assertThat(future)
            .failsWithin(Duration.ZERO)
            .withThrowableOfType(ExecutionException.class)
            .withCauseInstanceOf(EngineOverloadedException.class);
      }
      gate.release(100);
      for (CompletableFuture<float[]> future : accepted) {
        assertThat(future.get()).hasSize(8);
      }
    }
  }
}
