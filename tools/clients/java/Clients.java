import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.ai.document.Document;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;

/** Tests the OpenAI clients of LangChain4j and Spring AI on a running server; see README.md. */
public final class Clients {

  private static final String MODEL = "bge-small-en-v1.5";
  private static final String KEY = "none";
  private static final List<String> TEXTS =
      List.of("how tides work", "x", "the moon pulls the sea", "let the dough rest");

  private final String url;
  private final List<float[]> right = new ArrayList<>();

  private Clients(String url) throws IOException, InterruptedException {
    this.url = url;
    for (String text : TEXTS) {
      right.add(alone(text));
    }
  }

  /** The expected vector: one text in a request, without a client library. */
  private float[] alone(String text) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/embed"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"inputs\":\"" + text + "\"}"))
            .build();
    String body =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    String[] numbers = body.replace("[", "").replace("]", "").split(",");
    float[] vector = new float[numbers.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Float.parseFloat(numbers[i]);
    }
    return vector;
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  private void check(String client, List<float[]> vectors) {
    require(client, vectors.size() == TEXTS.size(), "gave " + vectors.size() + " vectors");
    for (int i = 0; i < vectors.size(); i++) {
      float[] vector = vectors.get(i);
      require(client, vector.length == right.get(i).length, "gave " + vector.length + " elements");
      require(client, cosine(vector, right.get(i)) >= 0.99999, "gave another vector for text " + i);
    }
    System.out.println("ok  " + client);
  }

  private static void require(String client, boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(client + " " + otherwise + ".");
    }
  }

  private void langChain4j() {
    var model =
        dev.langchain4j.model.openai.OpenAiEmbeddingModel.builder()
            .baseUrl(url + "/v1")
            .apiKey(KEY)
            .modelName(MODEL)
            .build();
    check(
        "langchain4j-open-ai, a list",
        model.embedAll(TEXTS.stream().map(TextSegment::from).toList()).content().stream()
            .map(Embedding::vector)
            .toList());
    check(
        "langchain4j-open-ai, one by one",
        TEXTS.stream().map(text -> model.embed(text).content().vector()).toList());
  }

  private void springAi() {
    var model =
        org.springframework.ai.openai.OpenAiEmbeddingModel.builder()
            .options(
                OpenAiEmbeddingOptions.builder()
                    .baseUrl(url + "/v1")
                    .apiKey(KEY)
                    .model(MODEL)
                    .build())
            .build();
    check("spring-ai-openai, a list", model.embed(TEXTS));
    check(
        "spring-ai-openai, one by one",
        Stream.concat(
                Stream.of(model.embed(new Document(TEXTS.get(0)))),
                TEXTS.stream().skip(1).map(model::embed))
            .toList());
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Clients clients = new Clients(arguments[0]);
    clients.langChain4j();
    clients.springAi();
    // The threads of their connections would keep the process alive for a while.
    System.exit(0);
  }
}
