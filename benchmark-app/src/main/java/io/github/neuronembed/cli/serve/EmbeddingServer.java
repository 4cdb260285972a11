package io.github.neuronembed.cli.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.engine.EngineHealth;
import io.github.neuronembed.engine.Lane;
import io.github.neuronembed.model.ModelDirectory;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.BindException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Serves an embedder over HTTP/1.1. One event loop reads and writes, a worker for each processor
 * reads bodies, tokenizes and writes answers, and some threads wait for room for bulk work. None of
 * them waits for a vector.
 *
 * <p>Its fields that change are the event loop's. {@link #drain} and {@link #close} may be called
 * on any other thread.
 */
final class EmbeddingServer implements AutoCloseable {

  static final String JSON = "application/json";

  /** Bulk requests that put their texts into the engine side by side. */
  private static final int BULK_THREADS = 4;

  private static final int MAX_HEADER_BYTES = 16 * 1024;
  private static final int MAX_REQUEST_LINE_BYTES = 4 * 1024;

  /** How long a connection without a request is kept. */
  private static final Duration IDLE = Duration.ofSeconds(75);

  private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(1);

  private final TextEmbedder embedder;
  private final ServedModel model;
  private final ServerOptions options;
  private final ServerMetrics metrics;
  private final String version;
  private final OpenAiApi openAi;
  private final InferenceApi inference;
  private final Vertx vertx;
  private final Context loop;
  private final HttpServer http;
  private final ExecutorService workers;
  private final ExecutorService bulkWorkers;
  private final CountDownLatch drained = new CountDownLatch(1);
  private final AtomicInteger underWay = new AtomicInteger();
  private final long created = Instant.now().getEpochSecond();
  private long bufferedBytes;
  private boolean draining;

  private EmbeddingServer(
      TextEmbedder embedder,
      ModelDirectory directory,
      ServerOptions options,
      ServerMetrics metrics,
      String version) {
    this.embedder = embedder;
    this.model = new ServedModel(directory, options.modelAliases());
    this.options = options;
    this.metrics = metrics;
    this.version = version;
    this.openAi = new OpenAiApi(model, options.maxTexts());
    this.inference = new InferenceApi(model, options.maxTexts());
    this.workers =
        Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()), daemons("neuron-embed-http-"));
    this.bulkWorkers = Executors.newFixedThreadPool(BULK_THREADS, daemons("neuron-embed-bulk-"));
    this.vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                // No files are served, so none are unpacked into the temporary folder.
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false)));
    this.loop = vertx.getOrCreateContext();
    Duration idle = options.requestTimeout().plusSeconds(10);
    this.http =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(options.host())
                    .setPort(options.port())
                    .setHttp2ClearTextEnabled(false)
                    .setMaxHeaderSize(MAX_HEADER_BYTES)
                    .setMaxInitialLineLength(MAX_REQUEST_LINE_BYTES)
                    // Longer than a request may take, which is silent while it is served.
                    .setIdleTimeout((int) Math.max(idle.toSeconds(), IDLE.toSeconds())))
            .requestHandler(this::handle);
    metrics.bind(embedder, underWay::get);
  }

  private static ThreadFactory daemons(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + count.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * Starts to listen.
   *
   * @param embedder stays the caller's, who closes it after the server
   * @param directory the embedder's model
   * @param metrics stay the caller's
   * @param version the program's
   * @throws IOException if the address cannot be had
   */
  static EmbeddingServer start(
      TextEmbedder embedder,
      ModelDirectory directory,
      ServerOptions options,
      ServerMetrics metrics,
      String version)
      throws IOException {
    EmbeddingServer server = new EmbeddingServer(embedder, directory, options, metrics, version);
    try {
      Future.<HttpServer>future(
              listening -> server.onLoop(() -> server.http.listen().onComplete(listening)))
          .toCompletionStage()
          .toCompletableFuture()
          .join();
      return server;
    } catch (CompletionException e) {
      server.close();
      throw new IOException(whyNot(options, e.getCause()), e);
    }
  }

  /** The JDK has no types for the reasons to bind to nothing, only the operating system's words. */
  private static String whyNot(ServerOptions options, @Nullable Throwable cause) {
    String words = String.valueOf(cause == null ? null : cause.getMessage());
    if (cause instanceof UnknownHostException) {
      return "There is no host %s; give another --host.".formatted(options.host());
    }
    if (cause instanceof BindException && words.contains("in use")) {
      return "Port %s of %s is taken; give another --port."
          .formatted(options.port(), options.host());
    }
    if (cause instanceof BindException && words.contains("assign")) {
      return "%s is no address of this machine; give another --host.".formatted(options.host());
    }
    return "Port %s of %s cannot be had (%s); give another --port or --host."
        .formatted(options.port(), options.host(), words);
  }

  /** The port it listens on. */
  int port() {
    return http.actualPort();
  }

  private void handle(HttpServerRequest request) {
    String path = String.valueOf(request.path());
    if (path.equals("/health") || path.startsWith("/health/")) {
      health(request, path);
      return;
    }
    EmbeddingApi api = path.equals("/embed") || path.equals("/info") ? inference : openAi;
    try {
      if (options.token() != null && !options.token().admits(request.getHeader("Authorization"))) {
        throw new HttpError(
                HttpError.Kind.UNAUTHORIZED,
                "The bearer token is missing or wrong: send 'Authorization: Bearer …'.")
            .withCode("invalid_api_key");
      }
      switch (path) {
        case "/v1/embeddings", "/embed" -> embed(request, api, path);
        case "/v1/models" -> get(request, path, JSON, models().toString());
        case "/info" -> get(request, path, JSON, info().toString());
        case "/metrics" -> get(request, path, "text/plain; version=0.0.4", metrics.scrape());
        default -> {
          if (!path.startsWith("/v1/models/")) {
            throw new HttpError(HttpError.Kind.NOT_FOUND, "There is nothing at this path.");
          }
          get(request, "/v1/models/{model}", JSON, model(path.substring("/v1/models/".length())));
        }
      }
    } catch (RuntimeException e) {
      refuse(request, api, HttpError.of(e));
    }
  }

  private void embed(HttpServerRequest request, EmbeddingApi api, String path) {
    requireMethod(request, HttpMethod.POST);
    if (draining) {
      throw new HttpError(HttpError.Kind.UNAVAILABLE, "The server is about to end.")
          .withCode("draining")
          .retryAfter(RETRY_WHEN_FULL);
    }
    requireJson(request);
    requireLength(request);
    if (underWay.get() >= options.maxRequests()) {
      throw tooMuchUnderWay();
    }
    Exchange exchange = new Exchange(this, api, request, path);
    underWay.incrementAndGet();
    exchange.receive();
  }

  private static void requireMethod(HttpServerRequest request, HttpMethod method) {
    if (!request.method().equals(method)) {
      request.response().putHeader("Allow", method.name());
      throw new HttpError(
          HttpError.Kind.METHOD_NOT_ALLOWED, "This path takes %s.".formatted(method.name()));
    }
  }

  /** Other types are what a web page of anybody's could make a browser send. */
  private static void requireJson(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    String media = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!media.equals(JSON)) {
      throw new HttpError(
          HttpError.Kind.MEDIA_TYPE, "The body is JSON: send 'Content-Type: application/json'.");
    }
    if (request.getHeader("Content-Encoding") != null) {
      throw new HttpError(
          HttpError.Kind.MEDIA_TYPE,
          "Compressed bodies are not taken: leave Content-Encoding out.");
    }
  }

  private void requireLength(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    // One that is no number never comes here: the library refuses it.
    if (length != null && Long.parseLong(length.strip()) > options.maxBodyBytes()) {
      throw bodyTooLarge();
    }
  }

  private void get(HttpServerRequest request, String route, String type, String body) {
    requireMethod(request, HttpMethod.GET);
    long start = System.nanoTime();
    answer(request, 200, type, Buffer.buffer(body))
        .onComplete(sent -> metrics.ended(route, "200", System.nanoTime() - start));
  }

  /** Answers a request that does not come to be one for vectors. */
  private void refuse(HttpServerRequest request, EmbeddingApi api, HttpError error) {
    int status = error.kind().status;
    describe(error, request.response());
    // What a client goes on to send is let go by, for as long as a request may take.
    long timer = after(options.requestTimeout(), () -> request.connection().close());
    request.response().closeHandler(closed -> cancelTimer(timer));
    request.exceptionHandler(broken -> cancelTimer(timer));
    request.endHandler(end -> cancelTimer(timer));
    request.resume();
    long start = System.nanoTime();
    answer(request, status, JSON, Buffer.buffer(api.error(error)))
        .onComplete(
            sent -> metrics.ended("refused", Integer.toString(status), System.nanoTime() - start));
  }

  /** Puts into the head of an answer what an error has for it. */
  static void describe(HttpError error, HttpServerResponse response) {
    Duration retryAfter = error.retryAfter();
    if (retryAfter != null) {
      long millis = Math.max(1, retryAfter.toMillis());
      response.putHeader("Retry-After", Long.toString((millis + 999) / 1000));
      // OpenAI's clients read this one, which is finer.
      response.putHeader("Retry-After-Ms", Long.toString(millis));
    }
    if (error.kind() == HttpError.Kind.UNAUTHORIZED) {
      response.putHeader("WWW-Authenticate", "Bearer");
    }
  }

  /** Sends an answer; the future ends when it is sent, or cannot be. */
  Future<Void> answer(HttpServerRequest request, int status, String type, Buffer body) {
    HttpServerResponse response = request.response();
    response.setStatusCode(status).putHeader("Content-Type", type);
    if (draining) {
      response.putHeader("Connection", "close");
    }
    return response.end(body);
  }

  private void health(HttpServerRequest request, String path) {
    EngineHealth health = embedder.health();
    boolean serves = health.state() != EngineHealth.State.FAILED;
    boolean well;
    switch (path) {
      case "/health", "/health/ready" -> well = serves && !draining;
      // While it ends, it is as alive as it has to be.
      case "/health/live" -> well = serves || draining;
      default -> {
        refuse(
            request,
            openAi,
            new HttpError(HttpError.Kind.NOT_FOUND, "There is nothing at this path."));
        return;
      }
    }
    JsonObject body = new JsonObject();
    body.addProperty(
        "status", draining ? "draining" : health.state().name().toLowerCase(Locale.ROOT));
    JsonObject failed = new JsonObject();
    for (Map.Entry<Integer, String> core : health.failedCores().entrySet()) {
      failed.addProperty(core.getKey().toString(), core.getValue());
    }
    body.add("failed_cores", failed);
    answer(request, well ? 200 : 503, JSON, Buffer.buffer(body.toString()));
  }

  private JsonObject models() {
    JsonArray data = new JsonArray();
    List<String> names = new ArrayList<>(options.modelAliases());
    names.sort(null);
    names.add(0, model.name());
    names.forEach(name -> data.add(modelObject(name)));
    JsonObject list = new JsonObject();
    list.addProperty("object", "list");
    list.add("data", data);
    return list;
  }

  private String model(String encodedName) {
    String name;
    try {
      name = URLDecoder.decode(encodedName, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw HttpError.invalid("model", "The path is not well encoded.");
    }
    return modelObject(model.require(name)).toString();
  }

  private JsonObject modelObject(String name) {
    JsonObject object = new JsonObject();
    object.addProperty("id", name);
    object.addProperty("object", "model");
    object.addProperty("created", created);
    object.addProperty("owned_by", "neuron-embed");
    return object;
  }

  /** As text-embeddings-inference has it, and what else is worth to know. */
  private JsonObject info() {
    ModelDirectory directory = model.directory();
    JsonObject pooling = new JsonObject();
    pooling.addProperty("pooling", directory.pooling().toString());
    JsonObject type = new JsonObject();
    type.add("embedding", pooling);
    JsonObject info = new JsonObject();
    info.addProperty("model_id", model.name());
    info.add("model_type", type);
    info.addProperty("max_input_length", embedder.maxTokens());
    info.addProperty("max_client_batch_size", options.maxTexts());
    info.addProperty("max_concurrent_requests", options.maxRequests());
    info.addProperty("auto_truncate", options.truncation() == TruncationPolicy.TRUNCATE);
    info.addProperty("dimension", embedder.dimension());
    info.addProperty("backend", embedder.backend());
    info.addProperty("emulated", embedder.isEmulated());
    info.addProperty("version", version);
    return info;
  }

  ServerOptions options() {
    return options;
  }

  ExecutorService workers() {
    return workers;
  }

  ExecutorService bulkWorkers() {
    return bulkWorkers;
  }

  EmbeddingJob newJob(Lane lane, long deadlineNanos) {
    return new EmbeddingJob(embedder, model.directory().vocabularySize(), lane, deadlineNanos);
  }

  HttpError bodyTooLarge() {
    return new HttpError(
        HttpError.Kind.TOO_LARGE,
        "The body has more than %s bytes, the most of a request: send fewer texts at a time."
            .formatted(options.maxBodyBytes()));
  }

  HttpError tooMuchUnderWay() {
    return new HttpError(HttpError.Kind.OVERLOADED, "Too many requests are under way.")
        .withCode("too_many_requests")
        .retryAfter(RETRY_WHEN_FULL);
  }

  /** Takes room for a part of a body; false if there is none. */
  boolean buffer(int bytes) {
    if (bufferedBytes + bytes > options.maxBufferedBytes()) {
      return false;
    }
    bufferedBytes += bytes;
    return true;
  }

  void release(int bytes) {
    bufferedBytes -= bytes;
  }

  /** Runs something on the event loop, from any thread. */
  void onLoop(Runnable task) {
    loop.runOnContext(run -> task.run());
  }

  long after(Duration time, Runnable task) {
    return vertx.setTimer(Math.max(1, time.toMillis()), fired -> task.run());
  }

  void cancelTimer(long timer) {
    vertx.cancelTimer(timer);
  }

  /** A request for vectors is over. */
  void ended(String route, String status, long nanos) {
    metrics.ended(route, status, nanos);
    if (underWay.decrementAndGet() == 0 && draining) {
      drained.countDown();
    }
  }

  /**
   * Takes no more requests, and lets those under way end within the drain timeout.
   *
   * @return whether they did
   */
  boolean drain() throws InterruptedException {
    onLoop(
        () -> {
          draining = true;
          if (underWay.get() == 0) {
            drained.countDown();
          }
        });
    return drained.await(options.drainTimeout().toMillis(), TimeUnit.MILLISECONDS)
        || underWay.get() == 0;
  }

  /** Closes every connection and stops. Does nothing when it is closed already. */
  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
    workers.shutdownNow();
    bulkWorkers.shutdownNow();
  }
}
