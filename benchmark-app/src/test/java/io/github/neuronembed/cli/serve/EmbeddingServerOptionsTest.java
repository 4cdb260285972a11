package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Behaviour that a server has only with an option. */
class EmbeddingServerOptionsTest {

  private static final String PATH = "/v1/embeddings";

  @Test
  void tokenIdsAreRefusedWhereTextsAreAskedFor() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(RunningServer.limits().textsOnly(true).build(), Duration.ZERO)) {
      for (String input : new String[] {"[15339,1917]", "[[15339,1917]]"}) {
        HttpResponse<String> refused = server.post(PATH, "{\"input\":" + input + "}");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("--texts-only", "\"code\":\"texts_only\"");
        assertThat(server.post("/embed", "{\"inputs\":" + input + "}").statusCode()).isEqualTo(422);
      }
      assertThat(server.post(PATH, "{\"input\":[\"a\"]}").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void webPagesThatAreNamedMayAsk() throws Exception {
    String page = "https://search.example.org";
    try (RunningServer server =
        RunningServer.ofHashes(
            RunningServer.limits()
                .corsOrigins(Set.of(page))
                .token(BearerToken.of("s3cret", "a test"))
                .build(),
            Duration.ZERO)) {
      HttpResponse<String> asked =
          server.options(PATH, "Origin", page, "Access-Control-Request-Method", "POST");
      assertThat(asked.statusCode()).isEqualTo(204);
      assertThat(asked.headers().firstValue("Access-Control-Allow-Origin")).contains(page);
      assertThat(asked.headers().firstValue("Access-Control-Allow-Headers").orElseThrow())
          .contains("Authorization", "Content-Type");
      HttpResponse<String> answer =
          server.post(PATH, "{\"input\":\"a\"}", "Origin", page, "Authorization", "Bearer s3cret");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Access-Control-Allow-Origin")).contains(page);
      assertThat(answer.headers().firstValue("Access-Control-Expose-Headers").orElseThrow())
          .contains("X-Truncated-Inputs");
      HttpResponse<String> other =
          server.options(
              PATH,
              "Origin",
              "https://elsewhere.example.org",
              "Access-Control-Request-Method",
              "POST");
      assertThat(other.statusCode()).isEqualTo(401);
      assertThat(other.headers().map()).doesNotContainKey("access-control-allow-origin");
    }
  }

  @Test
  void noWebPageMayAskByDefault() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      assertThat(
              server
                  .post(PATH, "{\"input\":\"a\"}", "Origin", "https://search.example.org")
                  .headers()
                  .map())
          .doesNotContainKey("access-control-allow-origin");
    }
  }
}
