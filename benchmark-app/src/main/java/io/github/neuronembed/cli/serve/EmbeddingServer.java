package io.github.neuronembed.cli.serve;

import io.github.neuronembed.Reranker;
import io.github.neuronembed.TextEmbedder;
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
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves an embedder over HTTP/1.1. One event loop reads and writes, a worker for each processor
 * reads bodies, tokenizes and writes answers, and a few threads wait for space for bulk work. No
 * thread waits for a vector.
 *
 * <p>Only the event loop uses its mutable fields. {@link #drain} and {@link #close} may be called
 * on any other thread.
 */
final class EmbeddingServer implements AutoCloseable {

  static final String JSON = "application/json";

  /** Threads that read bodies, tokenize and write answers. */
  static final int WORKERS = Math.max(2, Runtime.getRuntime().availableProcessors());

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddingServer.class);

  /** Bulk requests that submit their texts to the engine at the same time. */
  private static final int BULK_THREADS = 4;

  private static final int MAX_HEADER_BYTES = 16 * 1024;
  private static final int MAX_REQUEST_LINE_BYTES = 4 * 1024;

  /** How long a connection without a request is kept. */
  private static final Duration IDLE = Duration.ofSeconds(75);

  /** How often the server looks for connections whose time limit has passed. */
  private static final Duration LOOK = Duration.ofMillis(500);

  private final TextEmbedder embedder;
  private final @Nullable Reranker reranker;
  private final ServedModel model;
  private final ServerOptions options;
  private final ServerMetrics metrics;
  private final Vertx vertx;
  private final Context loop;
  private final HttpServer http;
  private final ExecutorService workers;
  private final ExecutorService bulkWorkers;
  private final MemoryBudget bodies;
  private final MemoryBudget answers;
  private final Connections connections;
  private final FailureLog failures = new FailureLog(LOG, System::nanoTime);
  private final RequestsInFlight requests;

  private EmbeddingServer(
      TextEmbedder embedder,
      @Nullable Reranker reranker,
      ModelDirectory directory,
      ServerOptions options,
      ServerMetrics metrics,
      String version) {
    this.embedder = embedder;
    this.reranker = reranker;
    this.options = options;
    this.metrics = metrics;
    this.requests = new RequestsInFlight(options.maxRequests());
    this.bodies = new MemoryBudget(options.maxBufferedBytes());
    this.answers = new MemoryBudget(options.maxBufferedBytes());
    this.connections =
        new Connections(options.maxConnections(), options.receiveTimeout(), IDLE, System::nanoTime);
    this.model = new ServedModel(directory, options.modelAliases(), options.ranges());
    Routes routes =
        new Routes(this, model, new Pages(embedder, reranker, model, options, version), metrics);
    this.workers = Executors.newFixedThreadPool(WORKERS, daemons("neuron-embed-http-"));
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
    this.http =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(options.host())
                    .setPort(options.port())
                    .setHttp2ClearTextEnabled(false)
                    .setMaxHeaderSize(MAX_HEADER_BYTES)
                    .setMaxInitialLineLength(MAX_REQUEST_LINE_BYTES)
                    .setWriteIdleTimeout((int) longestSilence(options).toSeconds()))
            .connectionHandler(connections::opened)
            .requestHandler(routes::handle);
    metrics.bind(embedder, requests::active);
  }

  /**
   * The longest time without a write that is normal for a connection: while a body arrives, while
   * the request is served, or while the client reads. The ordinary close happens only after the
   * pending writes, so a client that does not read would keep its connection open.
   */
  private static Duration longestSilence(ServerOptions options) {
    return options.receiveTimeout().plus(options.requestTimeout().multipliedBy(2)).plusSeconds(1);
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
   * Starts a server and listens.
   *
   * @param embedder the caller keeps it, and closes it after the server
   * @param reranker as the embedder; null for a server without reranking
   * @param directory the embedder's model
   * @param metrics the caller keeps them
   * @param version the program's
   * @throws IOException if the address cannot be used
   */
  static EmbeddingServer start(
      TextEmbedder embedder,
      @Nullable Reranker reranker,
      ModelDirectory directory,
      ServerOptions options,
      ServerMetrics metrics,
      String version)
      throws IOException {
    EmbeddingServer server =
        new EmbeddingServer(embedder, reranker, directory, options, metrics, version);
    try {
      Future.<HttpServer>future(
              listening ->
                  server.onLoop(
                      () -> {
                        server.vertx.setPeriodic(
                            LOOK.toMillis(), tick -> server.connections.closeLate());
                        server.http.listen().onComplete(listening);
                      }))
          .toCompletionStage()
          .toCompletableFuture()
          .join();
      return server;
    } catch (CompletionException e) {
      server.close();
      throw new IOException(whyNot(options, e.getCause()), e);
    }
  }

  /**
   * The JDK reports why an address cannot be bound without types, in the operating system's words.
   */
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
      return "%s is not an address of this machine; give another --host.".formatted(options.host());
    }
    return "Port %s of %s cannot be used (%s): give another --port or --host."
        .formatted(options.port(), options.host(), words);
  }

  /** The port it listens on. */
  int port() {
    return http.actualPort();
  }

  /**
   * Sends an answer; the future completes when it is sent or cannot be sent.
   *
   * @param type the media type; null if there is no body
   */
  Future<Void> answer(HttpServerRequest request, int status, @Nullable String type, Buffer body) {
    HttpServerResponse response = request.response();
    response.setStatusCode(status);
    if (type != null) {
      response.putHeader("Content-Type", type);
    }
    if (requests.isDraining()) {
      response.putHeader("Connection", "close");
    }
    connections.answering(request, options.requestTimeout());
    Future<Void> sent;
    if (request.method().equals(HttpMethod.HEAD)) {
      response.putHeader("Content-Length", Integer.toString(body.length()));
      sent = response.end();
    } else {
      sent = response.end(body);
    }
    return sent.onComplete(done -> connections.answered(request));
  }

  ServerOptions options() {
    return options;
  }

  TextEmbedder embedder() {
    return embedder;
  }

  @Nullable Reranker rerankerIfAny() {
    return reranker;
  }

  /** The reranker; only for a request that needs it. */
  Reranker reranker() {
    return Objects.requireNonNull(reranker);
  }

  ServerMetrics metrics() {
    return metrics;
  }

  RequestsInFlight requests() {
    return requests;
  }

  Connections connections() {
    return connections;
  }

  /** The memory of bodies. */
  MemoryBudget bodies() {
    return bodies;
  }

  /**
   * Takes memory for an answer.
   *
   * @param bytes its approximate size
   * @throws HttpError if there is not enough memory
   */
  MemoryBudget.Part answer(long bytes) {
    if (bytes > answers.largest()) {
      throw new HttpError(
          HttpError.Kind.TOO_LARGE,
          "The answer would take %s bytes, and one may take %s, a part of the heap: send fewer texts at a time, or start the server with a larger -Xmx."
              .formatted(bytes, answers.largest()));
    }
    MemoryBudget.Part part = answers.part(bytes);
    if (part == null) {
      throw JsonOutput.noMemoryLeft();
    }
    return part;
  }

  /** The memory of answers. */
  MemoryBudget answers() {
    return answers;
  }

  ExecutorService workers() {
    return workers;
  }

  ExecutorService bulkWorkers() {
    return bulkWorkers;
  }

  EmbeddingJob newJob(Lane lane, long deadlineNanos) {
    return new EmbeddingJob(embedder, model, lane, deadlineNanos);
  }

  HttpError bodyTooLarge() {
    return new HttpError(
        HttpError.Kind.TOO_LARGE,
        ("The body has more than %s bytes, the maximum of a request: send fewer"
                + " texts at a time, or start the server with a larger --max-body.")
            .formatted(options.maxBodyBytes()));
  }

  HttpError late() {
    return new HttpError(
        HttpError.Kind.TIMEOUT,
        "The request was not served within %s s: send fewer texts at a time, or start the server with a longer --request-timeout."
            .formatted(options.requestTimeout().toSeconds()));
  }

  /** A request with a body is over. */
  void ended(String route, String status, long nanos) {
    metrics.ended(route, status, nanos);
    requests.ended();
  }

  /** Logs the failure of a request, if it is the server's own failure. */
  void failed(Throwable failure) {
    if (HttpError.isOurs(failure)) {
      failures.failed(failure);
    }
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

  /**
   * Accepts no more requests, and waits up to the drain timeout for those in flight to end.
   *
   * @return whether they ended
   */
  boolean drain() throws InterruptedException {
    onLoop(requests::drain);
    return requests.awaitDrained(options.drainTimeout());
  }

  /** Closes every connection and stops. Does nothing if it is already closed. */
  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
    workers.shutdownNow();
    bulkWorkers.shutdownNow();
  }
}
