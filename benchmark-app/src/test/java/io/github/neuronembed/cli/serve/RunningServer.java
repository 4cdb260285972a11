package io.github.neuronembed.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.neuronembed.Reranker;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.backend.InferenceBackend;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server of bge-small-en-v1.5, the real one or its tokenizer alone, or of another model, and a
 * client of it.
 */
final class RunningServer implements AutoCloseable {

  static final ModelDirectory MODEL = ModelArgument.resolve("bge-small-en-v1.5");

  /** How long a test waits for what has to happen. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  final TextEmbedder embedder;
  private final @Nullable Reranker reranker;
  final EmbeddingServer server;
  private final ServerMetrics metrics = new ServerMetrics();
  private final HttpClient client = HttpClient.newHttpClient();

  private RunningServer(
      ModelDirectory model,
      ServerOptions options,
      @Nullable InferenceBackend backend,
      @Nullable CrossEncoderDirectory pairs,
      Consumer<EngineOptions.Builder> engine)
      throws IOException {
    var builder =
        TextEmbedder.builder()
            .model(model)
            .engine(
                engineOptions -> {
                  engineOptions
                      .closeTimeout(Duration.ZERO)
                      // As many texts wait on a machine of many processors.
                      .slotsPerReplica(2)
                      .listener(new EngineMetrics(metrics.registry(), model.name()));
                  engine.accept(engineOptions);
                });
    if (backend != null) {
      builder.backend(backend);
    }
    embedder = builder.build();
    reranker = pairs == null ? null : Reranker.builder().model(pairs).build();
    server = EmbeddingServer.start(embedder, reranker, model, options, metrics, "test");
  }

  /** The real model on ONNX Runtime. */
  static RunningServer ofModel(ServerOptions options) throws IOException {
    return new RunningServer(MODEL, options, null, null, engine -> {});
  }

  /**
   * Hashes in place of vectors.
   *
   * @param time of a text, of two side by side
   */
  static RunningServer ofHashes(ServerOptions options, Duration time) throws IOException {
    return ofHashes(options, time, engine -> {});
  }

  static RunningServer ofHashes(
      ServerOptions options, Duration time, Consumer<EngineOptions.Builder> engine)
      throws IOException {
    HashBackend hashes = new HashBackend(MODEL.hiddenSize(), time, false);
    return new RunningServer(MODEL, options, hashes, null, engine);
  }

  /** Hashes in place of another model's vectors. */
  static RunningServer ofHashes(ModelDirectory model, ServerOptions options) throws IOException {
    HashBackend hashes = new HashBackend(model.hiddenSize(), Duration.ZERO, false);
    return new RunningServer(model, options, hashes, null, engine -> {});
  }

  /** Hashes in place of vectors, and a reranker. */
  static RunningServer ofReranker(CrossEncoderDirectory pairs, ServerOptions options)
      throws IOException {
    HashBackend hashes = new HashBackend(MODEL.hiddenSize(), Duration.ZERO, false);
    return new RunningServer(MODEL, options, hashes, pairs, engine -> {});
  }

  /** A model that gives no numbers. */
  static RunningServer ofNaNs() throws IOException {
    HashBackend broken = new HashBackend(MODEL.hiddenSize(), Duration.ZERO, true);
    return new RunningServer(MODEL, options(), broken, null, engine -> {});
  }

  static ServerOptions.Builder limits() {
    return ServerOptions.builder()
        .modelAliases(Set.of("alias"))
        .maxBodyBytes(1 << 20)
        .maxBufferedBytes(8 << 20)
        .maxTexts(64)
        .maxRequests(32)
        .drainTimeout(Duration.ofMinutes(1));
  }

  static ServerOptions options() {
    return limits().build();
  }

  static ServerOptions within(Duration requestTimeout, int maxRequests, Duration drainTimeout) {
    return limits()
        .truncation(TruncationPolicy.STRICT)
        .maxRequests(maxRequests)
        .receiveTimeout(requestTimeout)
        .requestTimeout(requestTimeout)
        .drainTimeout(drainTimeout)
        .build();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  Socket socket() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  HttpRequest request(String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return request.build();
  }

  HttpResponse<String> post(String path, String body, String... headers)
      throws IOException, InterruptedException {
    return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  HttpResponse<String> post(String path, byte[] body, String... headers)
      throws IOException, InterruptedException {
    return client.send(request(path, body, headers), BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> postAsync(String path, String body, String... headers) {
    return client.sendAsync(
        request(path, body.getBytes(StandardCharsets.UTF_8), headers), BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(PATIENCE);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<String> head(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri(path)).method("HEAD", BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }

  HttpResponse<String> options(String path, String... headers)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri(path))
            .method("OPTIONS", BodyPublishers.noBody())
            .headers(headers)
            .build(),
        BodyHandlers.ofString());
  }

  /** Waits for what has to happen; the test's own timeout ends a wait in vain. */
  static void await(BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > until) {
        throw new AssertionError("It did not happen.");
      }
      Thread.sleep(5);
    }
  }

  static JsonObject json(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  static float[] floats(JsonElement list) {
    JsonArray numbers = list.getAsJsonArray();
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = numbers.get(i).getAsFloat();
    }
    return vector;
  }

  /** A list of so many long texts, as JSON. */
  static String longTexts(int count) {
    StringBuilder json = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      json.append(i == 0 ? "" : ",").append('"').append(i).append(" the tide".repeat(200));
      json.append('"');
    }
    return json.append(']').toString();
  }

  @Override
  public void close() {
    server.close();
    embedder.close();
    if (reranker != null) {
      reranker.close();
    }
    metrics.close();
  }
}
