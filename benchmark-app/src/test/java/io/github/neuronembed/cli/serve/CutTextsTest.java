package io.github.neuronembed.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import io.github.neuronembed.InputType;
import io.github.neuronembed.model.ModelFolder;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 200 texts that are cut, every third of them after one that is not; a text may have 32 tokens. */
class CutTextsTest {

  private static final int CUT = 200;
  private static final int LIMIT = 32;
  private static final int SPECIAL = 2;

  @TempDir private static Path folder;
  private static RunningServer server;
  private static final JsonArray TEXTS = new JsonArray();
  private static String expected = "";
  private static long computed;

  @BeforeAll
  static void start() throws Exception {
    server =
        RunningServer.ofHashes(
            ModelFolder.complete(folder.resolve("tiny")).open(),
            RunningServer.limits().maxTexts(400).build());
    StringBuilder cut = new StringBuilder();
    for (int i = 0; i < CUT; i++) {
      if (i % 3 == 0) {
        // As many as there is room for.
        TEXTS.add("a ".repeat(LIMIT - SPECIAL));
      }
      int tokens = LIMIT + 1 + 3 * i;
      cut.append(i == 0 ? "" : ",").append(TEXTS.size()).append(':').append(tokens);
      TEXTS.add("b ".repeat(tokens - SPECIAL));
    }
    expected = cut.toString();
    computed = (long) TEXTS.size() * LIMIT;
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void bothApisNameEachOfThemAndItsLength() throws Exception {
    List<HttpResponse<String>> responses =
        List.of(
            server.post("/v1/embeddings", "{\"input\":" + TEXTS + "}"),
            server.post("/v1/embeddings", "{\"input\":" + TEXTS + "}", "X-Priority", "bulk"),
            server.post("/embed", "{\"inputs\":" + TEXTS + "}"));

    for (HttpResponse<String> response : responses) {
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.headers().firstValue("X-Truncated-Count"))
          .contains(Integer.toString(CUT));
      assertThat(response.headers().firstValue("X-Truncated-Inputs")).contains(expected);
      assertThat(response.headers().firstValueAsLong("X-Compute-Tokens")).hasValue(computed);
    }
    assertThat(
            RunningServer.json(responses.get(0))
                .getAsJsonObject("usage")
                .get("prompt_tokens")
                .getAsLong())
        .isEqualTo(computed);
  }

  @Test
  void theCountsAreTheTokenizersOwn() {
    String[] cut = expected.split(",");
    assertThat(cut).hasSize(CUT);
    for (String item : cut) {
      int colon = item.indexOf(':');
      String text = TEXTS.get(Integer.parseInt(item.substring(0, colon))).getAsString();
      assertThat(server.embedder.countTokens(text, InputType.PASSAGE))
          .isEqualTo(Integer.parseInt(item.substring(colon + 1)));
    }
  }

  @Test
  void aRequestThatAllowsNoCutIsRefusedByTheFirstOfThem() throws Exception {
    HttpResponse<String> response =
        server.post("/embed", "{\"truncate\":false,\"inputs\":" + TEXTS + "}");

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(response.body()).contains("Input 1 has 33 tokens, the model takes 32");
  }

  @Test
  void theSideThatIsCutIsTheRequests() throws Exception {
    String room = "%s ".repeat(LIMIT - SPECIAL);
    String text = room.replace("%s", "a") + room.replace("%s", "b");

    assertThat(vectors(text, ",\"truncation_direction\":\"Left\""))
        .isEqualTo(vectors(room.replace("%s", "b"), ""));
    assertThat(vectors(text, ",\"truncation_direction\":\"right\",\"truncate\":true"))
        .isEqualTo(vectors(room.replace("%s", "a"), ""))
        .isEqualTo(vectors(text, ""));
    assertThat(
            server
                .post(
                    "/embed",
                    "{\"inputs\":\"%s\",\"truncation_direction\":\"Left\",\"truncate\":false}"
                        .formatted(text))
                .statusCode())
        .isEqualTo(422);
  }

  private static String vectors(String text, String fields) throws Exception {
    HttpResponse<String> response =
        server.post("/embed", "{\"inputs\":\"%s\"%s}".formatted(text, fields));
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }
}
