package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import io.github.neuronembed.InputType;
import io.github.neuronembed.cli.Vectors;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** OpenAI's own client for Java gets what it expects. */
class OpenAiClientTest {

  private static RunningServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws Exception {
    server =
        RunningServer.ofModel(
            RunningServer.limits().token(BearerToken.of("s3cret", "a test")).build());
    client = client("s3cret");
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder()
        .baseUrl(server.uri("/v1").toString())
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static void assertVectors(EmbeddingCreateParams params, String... texts) {
    CreateEmbeddingResponse response = client.embeddings().create(params);
    assertThat(response.model()).isEqualTo("bge-small-en-v1.5");
    assertThat(response.data()).hasSize(texts.length);
    for (int i = 0; i < texts.length; i++) {
      List<Float> numbers = response.data().get(i).embedding();
      float[] vector = new float[numbers.size()];
      for (int k = 0; k < vector.length; k++) {
        vector[k] = numbers.get(k);
      }
      assertThat(response.data().get(i).index()).isEqualTo(i);
      assertThat(Vectors.cosine(vector, server.embedder.embed(texts[i], InputType.PASSAGE)))
          .isGreaterThanOrEqualTo(0.99999);
    }
    assertThat(response.usage().promptTokens()).isPositive();
  }

  private static EmbeddingCreateParams.Builder params() {
    return EmbeddingCreateParams.builder().model("bge-small-en-v1.5");
  }

  @Test
  void aTextAndAListOfTexts() {
    assertVectors(params().input("how tides work").build(), "how tides work");
    assertVectors(params().inputOfArrayOfStrings(List.of("a", "b")).build(), "a", "b");
  }

  @Test
  void bothFormatsOfNumbers() {
    for (EmbeddingCreateParams.EncodingFormat format :
        List.of(
            EmbeddingCreateParams.EncodingFormat.FLOAT,
            EmbeddingCreateParams.EncodingFormat.BASE64)) {
      assertVectors(
          params().input("how tides work").encodingFormat(format).build(), "how tides work");
    }
  }

  @Test
  void tokenIds() {
    assertVectors(
        params().inputOfArrayOfTokens(List.of(2129L, 22487L, 2147L)).build(), "how tides work");
    assertVectors(
        params()
            .inputOfArrayOfTokenArrays(List.of(List.of(2129L, 22487L, 2147L), List.of(1060L)))
            .build(),
        "how tides work",
        "x");
  }

  @Test
  void errorsAreItsOwn() {
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() -> client.embeddings().create(params().input("a").dimensions(12L).build()))
        .satisfies(e -> assertThat(e.param()).contains("dimensions"))
        .withMessageContaining("384");
    assertThatExceptionOfType(NotFoundException.class)
        .isThrownBy(
            () ->
                client
                    .embeddings()
                    .create(
                        EmbeddingCreateParams.builder()
                            .model("text-embedding-3-small")
                            .input("a")
                            .build()))
        .satisfies(e -> assertThat(e.code()).contains("model_not_found"));
    try (Closing other = new Closing(client("other"))) {
      assertThatExceptionOfType(UnauthorizedException.class)
          .isThrownBy(() -> other.client().embeddings().create(params().input("a").build()));
    }
  }

  private record Closing(OpenAIClient client) implements AutoCloseable {
    @Override
    public void close() {
      client.close();
    }
  }

  @Test
  void modelsAreListed() {
    assertThat(client.models().list().data()).extracting(Model::id).contains("bge-small-en-v1.5");
    assertThat(client.models().retrieve("alias").id()).isEqualTo("alias");
  }
}
