package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.serve.RunningServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.SmallModel;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.RequestOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** text-embeddings-inference's, Cohere's and Jina's ways to rerank. */
class RerankApiTest {

  private static final Offset<Float> SAME = within(1e-5f);
  private static final String QUERY = "how do I reset the password";
  private static final List<String> TEXTS =
      List.of("the sailor found a box", "open the settings page", "a long letter");
  private static final String DOCUMENTS =
      "\"query\": \"%s\", \"documents\": [\"%s\"]".formatted(QUERY, String.join("\", \"", TEXTS));
  private static final String BODY =
      "\"query\": \"%s\", \"texts\": [\"%s\"]".formatted(QUERY, String.join("\", \"", TEXTS));

  @TempDir private static Path folder;
  private static RunningServer running;

  /** A text that is too long, whose end differs from its beginning. */
  private static final String LONG = "a long letter ".repeat(400) + "about settings";

  /** In the order of {@link #TEXTS}. */
  private static float[] logits;

  /** Of {@link #LONG}, without its end and without its beginning. */
  private static float[] cutLogits;

  /** The indexes, the best first. */
  private static List<Integer> order;

  @BeforeAll
  static void start() throws Exception {
    CrossEncoderDirectory model =
        CrossEncoderDirectory.open(SmallModel.BERT_RERANKER.writeTo(folder.resolve("pairs")));
    try (Reranker reranker = Reranker.builder().model(model).sigmoid(false).build()) {
      logits = reranker.score(QUERY, TEXTS);
      order = reranker.rank(QUERY, TEXTS).stream().map(text -> text.index()).toList();
      cutLogits =
          new float[] {
            cutLogit(reranker, TruncationPolicy.TRUNCATE),
            cutLogit(reranker, TruncationPolicy.TRUNCATE_LEFT)
          };
    }
    running =
        RunningServer.ofReranker(
            model, RunningServer.limits().modelAliases(Set.of("rerank-v3.5")).build());
  }

  private static float cutLogit(Reranker reranker, TruncationPolicy policy) throws Exception {
    return reranker.logitsAsync(
            reranker.tokenize(QUERY, List.of(LONG), policy, false), RequestOptions.INTERACTIVE)
        .get()[0];
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  private static HttpResponse<String> post(String path, String fields) throws Exception {
    return running.post(path, "{%s}".formatted(fields));
  }

  private static List<Integer> indexes(JsonArray results) {
    List<Integer> indexes = new ArrayList<>();
    for (JsonElement result : results) {
      indexes.add(result.getAsJsonObject().get("index").getAsInt());
    }
    return indexes;
  }

  @Test
  void ranksAsTextEmbeddingsInferenceDoes() throws Exception {
    JsonArray ranks = JsonParser.parseString(post("/rerank", BODY).body()).getAsJsonArray();
    JsonArray raw =
        JsonParser.parseString(
                post("/rerank", BODY + ", \"raw_scores\": true, \"return_text\": true").body())
            .getAsJsonArray();

    assertThat(indexes(ranks)).isEqualTo(order);
    assertThat(indexes(raw)).isEqualTo(order);
    for (int i = 0; i < order.size(); i++) {
      JsonObject rank = ranks.get(i).getAsJsonObject();
      float logit = logits[order.get(i)];
      assertThat(rank.keySet()).containsExactly("index", "score");
      assertThat(rank.get("score").getAsFloat()).isCloseTo(Reranker.sigmoid(logit), SAME);
      JsonObject whole = raw.get(i).getAsJsonObject();
      assertThat(whole.get("score").getAsFloat()).isCloseTo(logit, SAME);
      assertThat(whole.get("text").getAsString()).isEqualTo(TEXTS.get(order.get(i)));
    }
  }

  @Test
  void ranksAsCohereAndJinaDo() throws Exception {
    for (String path : new String[] {"/v1/rerank", "/v2/rerank"}) {
      JsonObject all = json(post(path, DOCUMENTS + ", \"model\": \"rerank-v3.5\""));
      assertThat(indexes(all.getAsJsonArray("results"))).isEqualTo(order);
      JsonObject best = all.getAsJsonArray("results").get(0).getAsJsonObject();
      assertThat(best.keySet()).containsExactly("index", "relevance_score");
      assertThat(best.get("relevance_score").getAsFloat())
          .isCloseTo(Reranker.sigmoid(logits[order.get(0)]), SAME);
      assertThat(all.get("model").getAsString()).isEqualTo("rerank-v3.5");
      assertThat(all.getAsJsonObject("usage").get("total_tokens").getAsInt()).isPositive();
      assertThat(all.getAsJsonObject("meta").getAsJsonObject("billed_units").keySet())
          .containsExactly("search_units");
    }
    JsonObject top =
        json(post("/v1/rerank", DOCUMENTS + ", \"top_n\": 2, \"return_documents\": true"));
    assertThat(indexes(top.getAsJsonArray("results"))).isEqualTo(order.subList(0, 2));
    assertThat(
            top.getAsJsonArray("results")
                .get(0)
                .getAsJsonObject()
                .getAsJsonObject("document")
                .get("text")
                .getAsString())
        .isEqualTo(TEXTS.get(order.get(0)));
    assertThat(top.get("model").getAsString()).isEqualTo("pairs");
  }

  @Test
  void theDirectionOfTruncationIsObeyed() throws Exception {
    String body =
        "\"query\": \"%s\", \"texts\": [\"%s\"], \"raw_scores\": true".formatted(QUERY, LONG);
    assertThat(cutLogits[0]).isNotCloseTo(cutLogits[1], within(1e-4f));
    assertThat(score(body)).isCloseTo(cutLogits[0], SAME);
    for (String right : new String[] {"Right", "right"}) {
      assertThat(score(body + ", \"truncation_direction\": \"%s\"".formatted(right)))
          .isCloseTo(cutLogits[0], SAME);
    }
    for (String left : new String[] {"Left", "left"}) {
      assertThat(score(body + ", \"truncation_direction\": \"%s\"".formatted(left)))
          .isCloseTo(cutLogits[1], SAME);
    }
    refused("/rerank", body + ", \"truncation_direction\": \"up\"", 422, "neither Left nor Right");
  }

  private static float score(String fields) throws Exception {
    return JsonParser.parseString(post("/rerank", fields).body())
        .getAsJsonArray()
        .get(0)
        .getAsJsonObject()
        .get("score")
        .getAsFloat();
  }

  /** What clients send by default, and what other servers do with a long document. */
  @Test
  void whatIsAbsentOrOfOtherServersChangesNothing() throws Exception {
    JsonArray plain = json(post("/v1/rerank", DOCUMENTS)).getAsJsonArray("results");
    for (String more :
        List.of(
            "\"top_n\": null, \"return_documents\": null, \"truncate\": null, \"model\": null",
            "\"max_chunks_per_doc\": 10, \"max_tokens_per_doc\": 4096, \"priority\": 0",
            "\"top_n\": 100",
            "\"rank_fields\": [\"text\"]")) {
      HttpResponse<String> answer = post("/v1/rerank", DOCUMENTS + ", " + more);
      assertThat(answer.statusCode()).as(more).isEqualTo(200);
      assertThat(json(answer).getAsJsonArray("results")).as(more).isEqualTo(plain);
    }
  }

  @Test
  void equalScoresKeepTheOrderOfTheTexts() throws Exception {
    JsonArray ranks =
        JsonParser.parseString(
                post("/rerank", "\"query\": \"x\", \"texts\": [\"y\", \"y\", \"y\"]").body())
            .getAsJsonArray();
    assertThat(indexes(ranks)).containsExactly(0, 1, 2);
  }

  @Test
  void theQueryMayBeAnObjectAsInJinas() throws Exception {
    String object = DOCUMENTS.replace("\"" + QUERY + "\"", "{\"text\": \"" + QUERY + "\"}");
    JsonObject answer = json(post("/v1/rerank", object));
    assertThat(indexes(answer.getAsJsonArray("results"))).isEqualTo(order);
  }

  @Test
  void documentsMayBeObjects() throws Exception {
    String objects = DOCUMENTS.replace("[\"", "[{\"id\": [7], \"text\": \"");
    objects = objects.replaceFirst("box\"", "box\"}");
    JsonObject answer = json(post("/v1/rerank", objects));
    assertThat(indexes(answer.getAsJsonArray("results"))).isEqualTo(order);
  }

  @Test
  void bulkWorkIsRankedToo() throws Exception {
    HttpResponse<String> answer =
        running.post("/rerank", "{%s}".formatted(BODY), "X-Priority", "bulk");
    assertThat(indexes(JsonParser.parseString(answer.body()).getAsJsonArray())).isEqualTo(order);
  }

  @Test
  void aPairThatWasCutIsSaid() throws Exception {
    String body = BODY.replace("a long letter", "a long letter ".repeat(400));
    HttpResponse<String> cut = post("/rerank", body);
    assertThat(cut.statusCode()).isEqualTo(200);
    assertThat(cut.headers().firstValue("X-Truncated-Count")).hasValue("1");
    assertThat(cut.headers().firstValue("X-Truncated-Inputs").orElseThrow()).startsWith("2:12");
    HttpResponse<String> refused = post("/rerank", body + ", \"truncate\": false");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).get("error").getAsString()).contains("Input 2", "takes 512");
  }

  @Test
  void whatMakesNoSenseIsRefused() throws Exception {
    refused("/rerank", BODY.replace("\"query\"", "\"question\""), 422, "'query' is missing");
    refused("/rerank", "\"query\": \"x\"", 422, "'texts' is missing");
    refused("/rerank", "\"query\": \"x\", \"texts\": []", 400, "texts");
    refused("/v1/rerank", "\"query\": \"x\"", 400, "'documents' is missing");
    refused("/v1/rerank", "\"query\": \"x\", \"documents\": []", 400, "documents");
    refused("/v1/rerank", "\"query\": \"x\", \"documents\": [{}]", 400, "documents[0].text");
    refused("/v1/rerank", "\"query\": {}, \"documents\": [\"x\"]", 400, "query.text");
    refused("/v1/rerank", "\"query\": \"x\", \"documents\": [\"\"]", 400, "documents[0]");
    refused("/rerank", "\"query\": \"x\", \"texts\": [\"y\", \"\"]", 422, "texts[1]");
    refused("/rerank", "\"query\": \"x\", \"texts\": [{\"text\": \"y\"}]", 422, "texts[0]");
    refused("/v1/rerank", DOCUMENTS + ", \"top_n\": 0", 400, "top_n");
    refused("/v1/rerank", DOCUMENTS + ", \"top_n\": \"2\"", 400, "top_n");
    refused(
        "/v1/rerank", DOCUMENTS + ", \"rank_fields\": [\"title\", \"text\"]", 400, "rank_fields");
    refused("/v1/rerank", DOCUMENTS + ", \"model\": \"other\"", 404, "not the requested one");
  }

  private static void refused(String path, String fields, int status, String part)
      throws Exception {
    HttpResponse<String> answer = post(path, fields);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.body()).contains(part);
  }

  @Test
  void saysWhichRerankerItHas() throws Exception {
    JsonObject info = json(running.get("/info")).getAsJsonObject("reranker");
    assertThat(info.get("model_id").getAsString()).isEqualTo("pairs");
    assertThat(info.get("max_input_length").getAsInt()).isEqualTo(512);
    assertThat(running.get("/v1/models").body()).contains("\"pairs\"");
    assertThat(running.get("/v1/models/pairs").statusCode()).isEqualTo(200);
  }

  @Test
  void aServerWithoutARerankerSaysSo() throws Exception {
    try (RunningServer none = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      for (String path : new String[] {"/rerank", "/v1/rerank"}) {
        HttpResponse<String> answer = none.post(path, "{%s, %s}".formatted(BODY, DOCUMENTS));
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("--reranker");
      }
    }
  }
}
