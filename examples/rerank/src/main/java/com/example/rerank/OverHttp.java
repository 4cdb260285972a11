package com.example.rerank;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Retrieves and reranks through the HTTP API of {@code neuron-embed serve --reranker}. */
public final class OverHttp {

  private static final Gson GSON = new Gson();
  private final HttpClient client = HttpClient.newHttpClient();
  private final String server;

  private OverHttp(String server) {
    this.server = server;
  }

  /** A passage and how near its vector is. */
  private record Hit(String passage, double cosine) {}

  /** Argument: the server's address, such as {@code http://127.0.0.1:8080}. */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length != 1) {
      System.err.println("usage: OverHttp URL");
      System.exit(2);
    }
    new OverHttp(args[0]).search();
  }

  private void search() throws IOException, InterruptedException {
    List<float[]> passages = embed(HelpDesk.PASSAGES, "passage");
    float[] question = embed(List.of(HelpDesk.QUESTION), "query").get(0);
    List<Hit> hits = new ArrayList<>();
    for (int i = 0; i < passages.size(); i++) {
      hits.add(new Hit(HelpDesk.PASSAGES.get(i), cosine(question, passages.get(i))));
    }
    hits.sort(Comparator.comparingDouble(Hit::cosine).reversed());
    List<Hit> retrieved = hits.subList(0, HelpDesk.RETRIEVED);
    retrieved.forEach(hit -> HelpDesk.show("retrieved", hit.cosine(), hit.passage()));

    JsonObject answer =
        post(
                "/v1/rerank",
                Map.of(
                    "query",
                    HelpDesk.QUESTION,
                    "documents",
                    retrieved.stream().map(Hit::passage).toList(),
                    "top_n",
                    HelpDesk.KEPT),
                "query")
            .getAsJsonObject();
    for (JsonElement element : answer.getAsJsonArray("results")) {
      JsonObject result = element.getAsJsonObject();
      HelpDesk.show(
          "reranked",
          result.get("relevance_score").getAsDouble(),
          retrieved.get(result.get("index").getAsInt()).passage());
    }
  }

  private List<float[]> embed(List<String> texts, String type)
      throws IOException, InterruptedException {
    JsonArray data =
        post("/v1/embeddings", Map.of("input", texts), type)
            .getAsJsonObject()
            .getAsJsonArray("data");
    List<float[]> vectors = new ArrayList<>();
    for (JsonElement element : data) {
      vectors.add(GSON.fromJson(element.getAsJsonObject().get("embedding"), float[].class));
    }
    return vectors;
  }

  /** The type, query or passage, says which prefix a text gets. */
  private JsonElement post(String path, Map<String, Object> body, String type)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create(server + path))
                .header("Content-Type", "application/json")
                .header("X-Input-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString(GSON.toJson(body)))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(path + " answered " + response.statusCode() + ": " + response.body());
    }
    return JsonParser.parseString(response.body());
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squaresOfA += a[i] * a[i];
      squaresOfB += b[i] * b[i];
    }
    return product / Math.sqrt(squaresOfA * squaresOfB);
  }
}
