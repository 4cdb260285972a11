package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.serve.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** text-embeddings-inference's paths of the tokenizer, with bge-small's own. */
class TokenizerApiTest {

  private static RunningServer server;

  @BeforeAll
  static void start() throws Exception {
    server = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static JsonArray list(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JsonParser.parseString(response.body()).getAsJsonArray();
  }

  private static JsonArray tokens(String fields) throws Exception {
    return list(server.post("/tokenize", "{" + fields + "}"));
  }

  @Test
  void tokensAreWrittenAsInferenceHasThem() throws Exception {
    assertThat(tokens("\"inputs\":\"how tides\"").toString())
        .isEqualTo(
            "[[{\"id\":101,\"text\":\"[CLS]\",\"special\":true,\"start\":null,\"stop\":null},"
                + "{\"id\":2129,\"text\":\"how\",\"special\":false,\"start\":0,\"stop\":3},"
                + "{\"id\":22487,\"text\":\"tides\",\"special\":false,\"start\":4,\"stop\":9},"
                + "{\"id\":102,\"text\":\"[SEP]\",\"special\":true,\"start\":null,\"stop\":null}]]");
  }

  @Test
  void placesAreBytesOfTheText() throws Exception {
    String text = "é\uD83D\uDE00 naïve 日本 [SEP]";
    JsonArray tokens =
        tokens("\"add_special_tokens\":false,\"inputs\":[" + new JsonPrimitive(text) + "]")
            .get(0)
            .getAsJsonArray();
    int[] ids = {100, 15743, 1864, 1876, 102};
    String[] texts = {"é\uD83D\uDE00", "naïve", "日", "本", "[SEP]"};
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

    assertThat(tokens).hasSize(ids.length);
    for (int i = 0; i < ids.length; i++) {
      var token = tokens.get(i).getAsJsonObject();
      assertThat(token.get("id").getAsInt()).isEqualTo(ids[i]);
      assertThat(token.get("text").getAsString()).isEqualTo(texts[i]);
      assertThat(token.get("special").getAsBoolean()).isFalse();
      int start = token.get("start").getAsInt();
      int stop = token.get("stop").getAsInt();
      assertThat(new String(bytes, start, stop - start, StandardCharsets.UTF_8))
          .isEqualTo(texts[i]);
    }
  }

  @Test
  void aQueryHasItsPrefixAndALongTextAllItsTokens() throws Exception {
    String text = "the tide ".repeat(600);
    JsonArray lists =
        tokens("\"prompt_name\":\"query\",\"inputs\":[\"a\"," + new JsonPrimitive(text) + "]");

    assertThat(lists).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(lists.get(i).getAsJsonArray())
          .hasSize(server.embedder.countTokens(i == 0 ? "a" : text, InputType.QUERY));
    }
    assertThat(
            lists.get(0).getAsJsonArray().asList().stream()
                .mapToInt(token -> token.getAsJsonObject().get("id").getAsInt())
                .toArray())
        .isEqualTo(server.embedder.tokenize("a", InputType.QUERY));
  }

  @Test
  void idsBecomeTextsAgain() throws Exception {
    int[] ids = server.embedder.tokenize("Unaffable tides, naïve!", InputType.PASSAGE);
    String lists = "[" + Arrays.toString(ids) + ",[1060]]";

    assertThat(list(server.post("/decode", "{\"ids\":" + lists + "}")).asList())
        .extracting(JsonElement::getAsString)
        .containsExactly("unaffable tides, naive!", "x");
    assertThat(
            list(server.post(
                    "/decode",
                    "{\"ids\":" + Arrays.toString(ids) + ",\"skip_special_tokens\":false}"))
                .get(0)
                .getAsString())
        .isEqualTo("[CLS] unaffable tides, naive! [SEP]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "/tokenize; {}; 422; 'inputs' is missing",
        "/tokenize; {\"inputs\":[]}; 400; 'inputs' is empty",
        "/tokenize; {\"inputs\":[1,2]}; 422; 'inputs[0]' is a number",
        "/tokenize; {\"inputs\":\"a\",\"prompt_name\":\"x\"}; 422; neither query nor passage",
        "/decode; {}; 422; 'ids' is missing",
        "/decode; {\"ids\":[]}; 400; 'ids' is empty",
        "/decode; {\"ids\":[[]]}; 400; 'ids[0]' is empty",
        "/decode; {\"ids\":[-1]}; 422; the token id -1",
        "/decode; {\"ids\":[[1],[30522]]}; 422; Input 1 has the token id 30522",
        "/decode; {\"ids\":\"a\"}; 422; a list of token ids",
        "/embed_all; {\"inputs\":\"a\"}; 424; send the texts to /embed",
      })
  void whatMakesNoSenseIsRefused(String path, String body, int status, String message)
      throws Exception {
    HttpResponse<String> response = server.post(path, body);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(json(response).get("error").getAsString()).contains(message);
    assertThat(json(response).get("error_type").getAsString())
        .isEqualTo(status == 400 ? "Empty" : status == 424 ? "Backend" : "Validation");
  }

  @Test
  void aTextWithTooManyCharactersIsRefused() throws Exception {
    String text = new JsonPrimitive("é".repeat(250 * 512 + 1)).toString();

    HttpResponse<String> response = server.post("/tokenize", "{\"inputs\":[\"a\"," + text + "]}");

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(response.body()).contains("Input 1 has 128001 characters", "128000");
  }
}
