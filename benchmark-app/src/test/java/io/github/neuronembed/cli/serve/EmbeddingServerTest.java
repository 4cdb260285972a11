package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.Vectors.cosine;
import static io.github.neuronembed.cli.serve.RunningServer.floats;
import static io.github.neuronembed.cli.serve.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients send and get, with the real model. */
@Tag("machine-format")
class EmbeddingServerTest {

  private static final String OPENAI = "/v1/embeddings";
  private static final String TEI = "/embed";

  private static RunningServer server;

  @BeforeAll
  static void start() throws Exception {
    server = RunningServer.ofModel(RunningServer.options());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static List<float[]> openAiVectors(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonObject body = json(response);
    assertThat(body.get("object").getAsString()).isEqualTo("list");
    JsonArray data = body.getAsJsonArray("data");
    assertThat(data)
        .extracting(item -> item.getAsJsonObject().get("index").getAsInt())
        .containsExactlyElementsOf(IntStream.range(0, data.size()).boxed().toList());
    return Stream.iterate(0, i -> i < data.size(), i -> i + 1)
        .map(i -> floats(data.get(i).getAsJsonObject().get("embedding")))
        .toList();
  }

  private static List<float[]> teiVectors(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JsonParser.parseString(response.body()).getAsJsonArray().asList().stream()
        .map(RunningServer::floats)
        .toList();
  }

  private static void assertVectors(List<float[]> vectors, InputType type, String... texts) {
    assertThat(vectors).hasSize(texts.length);
    for (int i = 0; i < texts.length; i++) {
      assertThat(cosine(vectors.get(i), server.embedder.embed(texts[i], type)))
          .isGreaterThanOrEqualTo(0.99999);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"how tides work\"",
        "[\"how tides work\"]",
        "[2129,22487,2147]",
        "[[2129,22487,2147]]",
        "[[101,2129,22487,2147,102]]"
      })
  void everyFormOfAnInputHasTheSameVector(String input) throws Exception {
    HttpResponse<String> response = server.post(OPENAI, "{\"input\":" + input + "}");

    assertVectors(openAiVectors(response), InputType.PASSAGE, "how tides work");
    JsonObject usage = json(response).getAsJsonObject("usage");
    assertThat(usage.get("prompt_tokens").getAsInt()).isEqualTo(5);
    assertThat(usage.get("total_tokens").getAsInt()).isEqualTo(5);
    assertVectors(
        teiVectors(server.post(TEI, "{\"inputs\":" + input + "}")),
        InputType.PASSAGE,
        "how tides work");
  }

  @Test
  void aListKeepsItsOrder() throws Exception {
    String[] texts = {"how tides work", "é\"\\ 日本語 \uD83D\uDE00", "a ".repeat(300), "x"};
    JsonArray list = new JsonArray();
    Arrays.stream(texts).forEach(list::add);

    assertVectors(
        openAiVectors(server.post(OPENAI, "{\"input\":" + list + "}")), InputType.PASSAGE, texts);
    assertVectors(
        openAiVectors(server.post(OPENAI, "{\"input\":" + list + "}", "X-Priority", "bulk")),
        InputType.PASSAGE,
        texts);
    assertVectors(
        teiVectors(server.post(TEI, "{\"inputs\":" + list + "}")), InputType.PASSAGE, texts);
    assertVectors(
        openAiVectors(server.post(OPENAI, "{\"input\":[[2129,22487,2147],[1060]]}")),
        InputType.PASSAGE,
        "how tides work",
        "x");
  }

  @Test
  void base64IsLittleEndianFloats() throws Exception {
    HttpResponse<String> response =
        server.post(OPENAI, "{\"input\":\"how tides work\",\"encoding_format\":\"base64\"}");

    assertThat(response.statusCode()).isEqualTo(200);
    byte[] bytes =
        Base64.getDecoder()
            .decode(
                json(response)
                    .getAsJsonArray("data")
                    .get(0)
                    .getAsJsonObject()
                    .get("embedding")
                    .getAsString());
    float[] vector = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    assertVectors(List.of(vector), InputType.PASSAGE, "how tides work");
  }

  @Test
  void aQueryGetsItsPrefixByHeaderOrField() throws Exception {
    String text = "how tides work";
    assertVectors(
        openAiVectors(
            server.post(OPENAI, "{\"input\":\"how tides work\"}", "X-Input-Type", "query")),
        InputType.QUERY,
        text);
    assertVectors(
        openAiVectors(
            server.post(OPENAI, "{\"input\":\"how tides work\",\"input_type\":\"query\"}")),
        InputType.QUERY,
        text);
    assertVectors(
        openAiVectors(
            server.post(
                OPENAI,
                "{\"input\":\"how tides work\",\"input_type\":\"document\"}",
                "X-Input-Type",
                "query")),
        InputType.PASSAGE,
        text);
    assertVectors(
        teiVectors(server.post(TEI, "{\"inputs\":\"how tides work\",\"prompt_name\":\"query\"}")),
        InputType.QUERY,
        text);
  }

  @ParameterizedTest
  @CsvSource({"bge-small-en-v1.5", "BAAI/bge-small-en-v1.5", "alias"})
  void theModelsNameIsEchoed(String name) throws Exception {
    HttpResponse<String> response =
        server.post(OPENAI, "{\"input\":\"a\",\"model\":\"" + name + "\",\"dimensions\":384}");

    assertThat(json(response).get("model").getAsString()).isEqualTo(name);
    assertThat(json(server.get("/v1/models/" + name.replace("/", "%2F"))).get("id").getAsString())
        .isEqualTo(name);
  }

  @Test
  void anAnswerNamesTheModelThatTheRequestDoesNotName() throws Exception {
    assertThat(json(server.post(OPENAI, "{\"input\":\"a\",\"model\":null}")).get("model"))
        .hasToString("\"bge-small-en-v1.5\"");
  }

  @Test
  void fieldsOfOthersAreIgnored() throws Exception {
    assertVectors(
        openAiVectors(
            server.post(
                OPENAI, "{\"user\":\"u\",\"x\":{\"y\":[1,null,{}]},\"input\":\"a\",\"z\":1e400}")),
        InputType.PASSAGE,
        "a");
  }

  @Test
  void aLongTextIsCutUnlessTheRequestSaysNo() throws Exception {
    String text = "tide ".repeat(900);
    HttpResponse<String> cut = server.post(OPENAI, "{\"input\":\"" + text + "\"}");
    assertVectors(openAiVectors(cut), InputType.PASSAGE, text);
    assertThat(json(cut).getAsJsonObject("usage").get("prompt_tokens").getAsInt()).isEqualTo(512);
    assertVectors(
        teiVectors(server.post(TEI, "{\"inputs\":\"" + text + "\",\"truncate\":true}")),
        InputType.PASSAGE,
        text);

    HttpResponse<String> refused =
        server.post(TEI, "{\"inputs\":[\"a\",\"" + text + "\"],\"truncate\":false}");

    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).get("error").getAsString())
        .isEqualTo("Input 1 has 902 tokens, the model takes 512: shorten it.");
    assertThat(json(refused).get("error_type").getAsString()).isEqualTo("Validation");
  }

  static List<Arguments> wrongBodies() {
    String deep = "[".repeat(100_000);
    String deepInField = "{\"a\":" + "{\"b\":".repeat(100_000);
    String tooMany = "{\"input\":[" + "\"a\",".repeat(64) + "\"a\"]}";
    return List.of(
        Arguments.of("", "The body is empty", null),
        Arguments.of(" \n", "The body is empty", null),
        Arguments.of("{", "The body is not JSON", null),
        Arguments.of("{\"input\":\"a\"} x", "The body is not JSON", null),
        Arguments.of("{\"input\":\"a\"}{}", "The body is not JSON", null),
        Arguments.of("{input:'a'}", "The body is not JSON", null),
        Arguments.of("{\"input\":\"a\",}", "The body is not JSON", null),
        Arguments.of("[]", "The body is a list", null),
        Arguments.of("null", "The body is null", null),
        Arguments.of("\"a\"", "The body is a string", null),
        Arguments.of(deep, "The body is a list", null),
        Arguments.of(deepInField, "nested deeper than 32 levels", null),
        Arguments.of("{\"input\":" + deep, "'input[0][0]' is a list", "input[0][0]"),
        Arguments.of("{}", "'input' is missing", "input"),
        Arguments.of("{\"input\":null}", "'input' is missing", "input"),
        Arguments.of("{\"input\":7}", "'input' is a number", "input"),
        Arguments.of("{\"input\":{}}", "'input' is an object", "input"),
        Arguments.of("{\"input\":[]}", "'input' is empty", "input"),
        Arguments.of("{\"input\":[[]]}", "'input[0]' is empty", "input[0]"),
        Arguments.of("{\"input\":[null]}", "'input[0]' is null", "input[0]"),
        Arguments.of("{\"input\":[true]}", "'input[0]' is true or false", "input[0]"),
        Arguments.of("{\"input\":[\"a\",1]}", "'input[1]' is a number", "input[1]"),
        Arguments.of("{\"input\":[1,\"a\"]}", "'input[1]' is a string", "input[1]"),
        Arguments.of("{\"input\":[[1],2]}", "'input[1]' is a number", "input[1]"),
        Arguments.of("{\"input\":[1.5]}", "not an integer", "input"),
        Arguments.of("{\"input\":[1e99]}", "not an integer", "input"),
        Arguments.of("{\"input\":[-1]}", "token id -1", null),
        Arguments.of("{\"input\":[[101],[30522]]}", "Input 1 has the token id 30522", null),
        Arguments.of("{\"input\":[1],\"input_type\":\"query\"}", "prefix", null),
        Arguments.of("{\"input\":\"\"}", "'input' is an empty string", "input"),
        Arguments.of("{\"input\":[\"a\",\"\"]}", "'input[1]' is an empty string", "input[1]"),
        Arguments.of("{\"input\":\"ab\\u0000\"}", "NUL at character 2", "input"),
        Arguments.of("{\"input\":\"\0\"}", "The body is not JSON", null),
        Arguments.of("{\"input\":\"\\ud83d\"}", "half of a surrogate pair", null),
        Arguments.of("{\"input\":\"\\ude00\\ud83d\"}", "half of a surrogate pair", null),
        Arguments.of("{\"input\":\"a\",\"input\":\"b\"}", "'input' is given twice", "input"),
        Arguments.of(tooMany, "more than 64 texts", "input"),
        Arguments.of("{\"input\":\"a\",\"model\":1}", "'model' is a number", "model"),
        Arguments.of("{\"input\":\"a\",\"dimensions\":128}", "trained for shorter", "dimensions"),
        Arguments.of("{\"input\":\"a\",\"dimensions\":1536}", "1536 were requested", "dimensions"),
        Arguments.of("{\"input\":\"a\",\"dimensions\":0}", "not positive", "dimensions"),
        Arguments.of(
            "{\"input\":\"a\",\"dimensions\":\"384\"}", "'dimensions' is a string", "dimensions"),
        Arguments.of(
            "{\"input\":\"a\",\"encoding_format\":\"hex\"}",
            "neither float nor base64",
            "encoding_format"),
        Arguments.of("{\"input\":\"a\",\"input_type\":\"q\"}", "neither query", "input_type"));
  }

  @ParameterizedTest
  @MethodSource("wrongBodies")
  void whatIsWrongIsSaidInOpenAisWords(String body, String message, String param) throws Exception {
    HttpResponse<String> response = server.post(OPENAI, body);

    assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
    JsonObject error = json(response).getAsJsonObject("error");
    assertThat(error.keySet()).containsExactlyInAnyOrder("message", "type", "param", "code");
    assertThat(error.get("message").getAsString()).contains(message);
    assertThat(error.get("type").getAsString()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").isJsonNull() ? null : error.get("param").getAsString())
        .isEqualTo(param);
  }

  @ParameterizedTest
  @CsvSource({
    "C3 28, byte 10",
    "ED A0 80, byte 10",
    "C0 80, byte 10",
    "F5 80 80 80, byte 10",
    "61 FF, byte 11",
    "61 C3, byte 11"
  })
  void whatIsNotUtf8IsRefused(String bytes, String where) throws Exception {
    byte[] text = "{\"input\":\"".getBytes(StandardCharsets.US_ASCII);
    byte[] wrong = new byte[bytes.length() / 3 + 1];
    for (int i = 0; i < wrong.length; i++) {
      wrong[i] = (byte) Integer.parseInt(bytes.substring(3 * i, 3 * i + 2), 16);
    }
    byte[] body = Arrays.copyOf(text, text.length + wrong.length + 2);
    System.arraycopy(wrong, 0, body, text.length, wrong.length);
    body[body.length - 2] = '"';
    body[body.length - 1] = '}';

    HttpResponse<String> response = server.post(OPENAI, body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("not UTF-8: see " + where);
  }

  @Test
  void aModelOfAnotherNameIsNotFound() throws Exception {
    HttpResponse<String> response =
        server.post(OPENAI, "{\"input\":\"a\",\"model\":\"text-embedding-3-small\"}");

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(json(response).getAsJsonObject("error").get("code").getAsString())
        .isEqualTo("model_not_found");
    assertThat(server.get("/v1/models/other").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "{\"inputs\":\"a\"|\"normalize\":false},normalise its vectors itself",
    "{\"inputs\":\"a\"|\"truncation_direction\":\"Middle\"},neither Left nor Right",
    "{\"inputs\":\"a\"|\"truncate\":\"yes\"},'truncate' is a string",
    "{\"inputs\":\"a\"|\"prompt_name\":\"x\"},neither query nor passage",
    "{\"input\":\"a\"},'inputs' is missing",
    "{\"inputs\":\"\"},'inputs' is an empty string"
  })
  void whatIsWrongIsSaidInInferenceWords(String body, String message) throws Exception {
    HttpResponse<String> response = server.post(TEI, body.replace('|', ','));

    assertThat(response.statusCode()).isEqualTo(422);
    assertThat(json(response).get("error").getAsString()).contains(message);
    assertThat(json(response).get("error_type").getAsString()).isEqualTo("Validation");
  }

  @Test
  void headersThatMakeNoSenseAreRefused() throws Exception {
    String body = "{\"input\":\"a\"}";
    assertThat(server.post(OPENAI, body, "X-Priority", "urgent").statusCode()).isEqualTo(400);
    assertThat(server.post(OPENAI, body, "X-Input-Type", "x").statusCode()).isEqualTo(400);
    assertThat(server.post(OPENAI, body, "Content-Type", "text/plain").statusCode()).isEqualTo(415);
    assertThat(server.post(OPENAI, body, "Content-Encoding", "gzip").statusCode()).isEqualTo(415);
    assertThat(server.post(OPENAI, body, "Content-Encoding", "identity").statusCode())
        .isEqualTo(200);
    assertThat(
            server
                .post(OPENAI, body, "Content-Type", "Application/JSON; charset=utf-8")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void otherPathsAndMethodsAreRefused() throws Exception {
    assertThat(server.get("/health/x").statusCode()).isEqualTo(404);
    assertThat(server.post("/v1/completions", "{}").statusCode()).isEqualTo(404);
    HttpResponse<String> response = server.get(OPENAI);
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).contains("POST");
    assertThat(server.post("/metrics", "{}").headers().firstValue("Allow")).contains("GET, HEAD");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/embed", "/embed/", "/invocations"})
  void inferenceHasTheVectorsAtEachOfItsPaths(String path) throws Exception {
    assertVectors(
        teiVectors(server.post(path, "{\"inputs\":[\"how tides work\"]}")),
        InputType.PASSAGE,
        "how tides work");
  }

  @Test
  void openAisPathsAreThereWithoutTheirVersion() throws Exception {
    assertVectors(
        openAiVectors(server.post("/embeddings", "{\"input\":\"a\"}")), InputType.PASSAGE, "a");
    assertThat(server.get("/models").body()).isEqualTo(server.get("/v1/models").body());
    assertThat(json(server.get("/models/alias")).get("id").getAsString()).isEqualTo("alias");
  }

  @Test
  void similarityIsTheCosine() throws Exception {
    HttpResponse<String> response =
        server.post(
            "/similarity",
            "{\"inputs\":{\"source_sentence\":\"the tide\",\"sentences\":[\"the tide\",\"bread\"]},"
                + "\"parameters\":{\"truncate\":true}}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonArray cosines = JsonParser.parseString(response.body()).getAsJsonArray();
    float[] tide = server.embedder.embedPassage("the tide");
    assertThat(cosines.get(0).getAsDouble()).isCloseTo(1, within(1e-5));
    assertThat(cosines.get(1).getAsDouble())
        .isCloseTo(cosine(tide, server.embedder.embedPassage("bread")), within(1e-5));
    assertThat(
            server
                .post("/similarity", "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[]}}")
                .body())
        .isEqualTo("{\"error\":\"'inputs.sentences' is empty.\",\"error_type\":\"Empty\"}");
  }

  @Test
  void headIsGetWithoutItsBody() throws Exception {
    for (String path : new String[] {"/", "/health", "/ping", "/info", "/v1/models", "/metrics"}) {
      HttpResponse<String> head = server.head(path);
      assertThat(head.statusCode()).as(path).isEqualTo(200);
      assertThat(head.body()).isEmpty();
      assertThat(head.headers().firstValueAsLong("Content-Length").orElseThrow()).isPositive();
    }
    assertThat(server.head("/nothing").statusCode()).isEqualTo(404);
    assertThat(server.head(OPENAI).statusCode()).isEqualTo(405);
  }

  @Test
  void anUnknownPathGetsTheKnownPaths() throws Exception {
    HttpResponse<String> response = server.post("/v1/v1/embeddings", "{}");

    assertThat(response.statusCode()).isEqualTo(404);
    assertThat(response.body()).contains("POST /v1/embeddings", "POST /embed", "GET /info");
  }

  @Test
  void aTruncatedTextIsReported() throws Exception {
    JsonArray texts = new JsonArray();
    for (int i = 0; i < 8; i++) {
      texts.add(i % 2 == 0 ? "short" : "tide ".repeat(600 + i));
    }

    for (HttpResponse<String> response :
        List.of(
            server.post(OPENAI, "{\"input\":" + texts + "}"),
            server.post(TEI, "{\"inputs\":" + texts + "}"))) {
      assertThat(response.headers().firstValue("X-Truncated-Count")).contains("4");
      assertThat(response.headers().firstValue("X-Truncated-Inputs"))
          .contains("1:603,3:605,5:607,7:609");
      assertThat(response.headers().firstValue("X-Compute-Tokens"))
          .contains(Integer.toString(4 * 512 + 4 * 3));
    }
    assertThat(server.post(OPENAI, "{\"input\":\"a\"}").headers().map())
        .doesNotContainKeys("X-Truncated-Count", "X-Truncated-Inputs");
  }

  @Test
  void modelsAndInfoAreServed() throws Exception {
    JsonObject models = json(server.get("/v1/models"));
    assertThat(models.getAsJsonArray("data"))
        .extracting(model -> model.getAsJsonObject().get("id").getAsString())
        .containsExactly("bge-small-en-v1.5", "alias");

    JsonObject info = json(server.get("/info"));
    assertThat(info.get("model_id").getAsString()).isEqualTo("bge-small-en-v1.5");
    assertThat(info.getAsJsonObject("model_type").getAsJsonObject("embedding").get("pooling"))
        .hasToString("\"cls\"");
    assertThat(info.get("max_input_length").getAsInt()).isEqualTo(512);
    assertThat(info.get("max_client_batch_size").getAsInt()).isEqualTo(64);
    assertThat(info.get("auto_truncate").getAsBoolean()).isTrue();
    assertThat(info.get("dimension").getAsInt()).isEqualTo(384);
    assertThat(info.get("emulated").getAsBoolean()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health", "/health/ready", "/health/live"})
  void aServerThatServesIsHealthy(String path) throws Exception {
    HttpResponse<String> response = server.get(path);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(json(response).get("status").getAsString()).isEqualTo("ready");
  }

  @Test
  void metricsTellOfEngineAndServer() throws Exception {
    server.post(OPENAI, "{\"input\":\"how tides work\"}");
    server.post(OPENAI, "{");

    // The answer is counted when it is sent, which may be after it arrived.
    RunningServer.await(
        () -> {
          try {
            String metrics = server.get("/metrics").body();
            return metrics.contains("uri=\"/v1/embeddings\",le=\"0.01\"")
                && metrics.contains("status=\"400\",uri=\"/v1/embeddings\"");
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
    HttpResponse<String> response = server.get("/metrics");

    assertThat(response.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4");
    assertThat(response.body())
        .contains("embedding_info{", "emulated=\"false\"")
        .contains("embedding_requests_seconds_bucket{")
        .contains("embedding_tokenize_time_seconds_count{model=\"bge-small-en-v1.5\"}")
        .contains("embedding_queue_depth{lane=\"interactive\"")
        .contains("jvm_memory_used_bytes")
        .doesNotContain("tides");
  }

  @Test
  void tokensAreCountedAsTheModelSeesThem() throws Exception {
    int passage = server.embedder.countTokens("how tides work", InputType.PASSAGE);
    int query =
        server.embedder.tokenize("how tides work", InputType.QUERY, TruncationPolicy.STRICT).length;
    assertThat(query).isGreaterThan(passage);

    HttpResponse<String> response =
        server.post(
            OPENAI, "{\"input\":[\"how tides work\",\"how tides work\"],\"input_type\":\"query\"}");

    assertThat(json(response).getAsJsonObject("usage").get("prompt_tokens").getAsInt())
        .isEqualTo(2 * query);
  }
}
