package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.cli.UsageException;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BearerTokenTest {

  private static final BearerToken TOKEN = BearerToken.of("s3cret\n", "a test");

  @Test
  void onlyTheTokenIsAdmitted() {
    assertThat(TOKEN.admits("Bearer s3cret")).isTrue();
    assertThat(TOKEN.admits("bearer  s3cret ")).isTrue();
    assertThat(TOKEN.admits(null)).isFalse();
    assertThat(TOKEN.admits("")).isFalse();
    assertThat(TOKEN.admits("s3cret")).isFalse();
    assertThat(TOKEN.admits("Bearer ")).isFalse();
    assertThat(TOKEN.admits("Bearer s3cre")).isFalse();
    assertThat(TOKEN.admits("Bearer s3cret2")).isFalse();
    assertThat(TOKEN.admits("Basic s3cret")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " \n", "two words", "two\nlines", "é"})
  void aTokenThatAHeaderCannotCarryIsRefused(String text) {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> BearerToken.of(text, "a test"))
        .withMessageContaining("a test");
  }

  @Test
  void everythingButHealthAsksForIt() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(RunningServer.limits().token(TOKEN).build(), Duration.ZERO)) {
      for (String path : new String[] {"/v1/models", "/metrics", "/info", "/nothing"}) {
        HttpResponse<String> refused = server.get(path);
        assertThat(refused.statusCode()).as(path).isEqualTo(401);
        assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(refused.body()).doesNotContain("s3cret");
        assertThat(server.get(path, "Authorization", "Bearer s3cret").statusCode())
            .as(path)
            .isNotEqualTo(401);
      }
      HttpResponse<String> refused =
          server.post("/v1/embeddings", "{\"input\":\"a\"}", "Authorization", "Bearer other");
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(refused.body()).contains("\"code\":\"invalid_api_key\"");
      assertThat(
              server
                  .post("/v1/embeddings", "{\"input\":\"a\"}", "Authorization", "Bearer s3cret")
                  .statusCode())
          .isEqualTo(200);
      assertThat(server.post("/embed", "{\"inputs\":\"a\"}", "api-key", "s3cret").statusCode())
          .isEqualTo(200);
      assertThat(server.post("/", "{\"inputs\":\"a\"}", "api-key", "other").statusCode())
          .isEqualTo(401);
      for (String open : new String[] {"/health/ready", "/health", "/ping", "/"}) {
        assertThat(server.get(open).statusCode()).as(open).isEqualTo(200);
      }
    }
  }
}
