package io.github.neuronembed.cli.serve;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The paths of the server, and who may use them. The paths are OpenAI's, with and without {@code
 * /v1}, text-embeddings-inference's (router/src/http/server.rs at 0d124dc), and Cohere's and Jina's
 * for reranking.
 *
 * <p>Only the event loop uses it.
 */
final class Routes {

  private static final String MODEL = "/v1/models/";
  private static final Duration RETRY_WHEN_DRAINING = Duration.ofSeconds(1);

  private final EmbeddingServer server;
  private final Cors cors;
  private final Map<String, Route> routes = new LinkedHashMap<>();
  private final Route model;

  Routes(EmbeddingServer server, ServedModel served, Pages pages, ServerMetrics metrics) {
    this.server = server;
    ServerOptions options = server.options();
    this.cors = new Cors(options.corsOrigins());
    InputReader inputs = new InputReader(options.maxTexts(), options.textsOnly());
    InferenceApi inference = new InferenceApi(served, inputs, options.truncation());
    TokenizerApi tokenizer = new TokenizerApi(served, inputs);
    OpenAiApi openAi = new OpenAiApi(served, inputs);
    RerankApi rerank =
        new RerankApi(server.rerankerIfAny(), options.modelAliases(), inputs, options.truncation());
    this.model =
        Route.ofPage(
            MODEL + "{model}",
            ErrorFormat.OPENAI,
            request ->
                pages.model(request.path().substring(request.path().indexOf("models/") + 7)));

    add(Route.ofPosts("/v1/embeddings", ErrorFormat.OPENAI, openAi));
    add(Route.ofPosts("/embeddings", ErrorFormat.OPENAI, openAi));
    add(Route.ofPage("/v1/models", ErrorFormat.OPENAI, request -> pages.models()));
    add(Route.ofPage("/models", ErrorFormat.OPENAI, request -> pages.models()));
    Route.Page ready = request -> pages.ready(server.requests().isDraining());
    add(Route.ofOpenPage("/", ready).with(inference::embed));
    for (String path : new String[] {"/embed", "/invocations"}) {
      add(Route.ofPosts(path, ErrorFormat.INFERENCE, inference::embed));
    }
    add(Route.ofPosts("/similarity", ErrorFormat.INFERENCE, inference::similarity));
    add(Route.ofPosts("/rerank", ErrorFormat.INFERENCE, rerank::inference));
    for (String path : new String[] {"/v1/rerank", "/v2/rerank"}) {
      add(Route.ofPosts(path, ErrorFormat.OPENAI, rerank::documents));
    }
    add(Route.ofPosts("/tokenize", ErrorFormat.INFERENCE, tokenizer::tokenize));
    add(Route.ofPosts("/decode", ErrorFormat.INFERENCE, tokenizer::decode));
    add(Route.ofPosts("/embed_all", ErrorFormat.INFERENCE, tokenizer::embedAll));
    add(Route.ofPage("/info", ErrorFormat.INFERENCE, request -> pages.info()));
    for (String path : new String[] {"/health", "/health/ready", "/ping"}) {
      add(Route.ofOpenPage(path, ready));
    }
    add(Route.ofOpenPage("/health/live", request -> pages.live(server.requests().isDraining())));
    add(
        Route.ofPage(
            "/metrics",
            ErrorFormat.OPENAI,
            request -> new Route.Content(200, "text/plain; version=0.0.4", metrics.scrape())));
  }

  private void add(Route route) {
    routes.put(route.path(), route);
  }

  private @Nullable Route find(String path) {
    boolean slash = path.length() > 1 && path.endsWith("/");
    Route route = routes.get(slash ? path.substring(0, path.length() - 1) : path);
    if (route != null) {
      return route;
    }
    return path.startsWith(MODEL) || path.startsWith("/models/") ? model : null;
  }

  /** Begins to answer a request. */
  void handle(HttpServerRequest request) {
    server.connections().headReceived(request);
    ErrorFormat errors = ErrorFormat.OPENAI;
    try {
      Route route = find(String.valueOf(request.path()));
      if (route != null) {
        errors = route.errors();
      }
      cors.describe(request);
      if (cors.isPreflight(request)) {
        server.answer(request, 204, null, Buffer.buffer());
        return;
      }
      boolean reads =
          request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
      if (route == null || !(route.open() && reads)) {
        requireToken(request);
      }
      if (route == null) {
        throw notFound();
      }
      if (reads && route.page() != null) {
        get(request, route, route.page());
      } else if (request.method().equals(HttpMethod.POST) && route.posted() != null) {
        post(request, route);
      } else {
        request.response().putHeader("Allow", route.methods());
        throw new HttpError(
            HttpError.Kind.METHOD_NOT_ALLOWED, "This path takes %s.".formatted(route.methods()));
      }
    } catch (RuntimeException | Error e) {
      refuse(request, errors, e);
    }
  }

  private void requireToken(HttpServerRequest request) {
    BearerToken token = server.options().token();
    if (token != null
        && !token.admits(request.getHeader("Authorization"))
        && !token.isKey(request.getHeader("api-key"))) {
      throw new HttpError(
              HttpError.Kind.UNAUTHORIZED,
              "The bearer token is missing or wrong: send 'Authorization: Bearer …', or"
                  + " the token alone as 'api-key'.")
          .withCode("invalid_api_key");
    }
  }

  private HttpError notFound() {
    StringBuilder paths = new StringBuilder();
    routes
        .values()
        .forEach(
            route ->
                paths
                    .append(paths.isEmpty() ? "" : ", ")
                    .append(route.methods().replace(", HEAD", "").replace(", ", " and "))
                    .append(' ')
                    .append(route.path()));
    return new HttpError(
        HttpError.Kind.NOT_FOUND,
        "There is nothing at this path. This server has %s.".formatted(paths));
  }

  private void get(HttpServerRequest request, Route route, Route.Page page) {
    long start = System.nanoTime();
    Route.Content content = page.content(request);
    server
        .answer(request, content.status(), content.type(), Buffer.buffer(content.body()))
        .onComplete(
            sent ->
                server
                    .metrics()
                    .ended(
                        route.path(),
                        Integer.toString(content.status()),
                        System.nanoTime() - start));
  }

  private void post(HttpServerRequest request, Route route) {
    if (server.requests().isDraining()) {
      throw new HttpError(HttpError.Kind.UNAVAILABLE, "The server is shutting down.")
          .withCode("draining")
          .retryAfter(RETRY_WHEN_DRAINING);
    }
    requireJson(request);
    requireLength(request);
    server.requests().requireCapacity();
    Exchange exchange = new Exchange(server, route, request);
    server.requests().begun();
    exchange.receive();
  }

  /** Any web page could make a browser send the other media types without asking the server. */
  private static void requireJson(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    String media = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!media.equals(EmbeddingServer.JSON)) {
      throw new HttpError(
          HttpError.Kind.MEDIA_TYPE,
          "The body must be JSON: send 'Content-Type: application/json'.");
    }
    String encoding = request.getHeader("Content-Encoding");
    if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
      throw new HttpError(
          HttpError.Kind.MEDIA_TYPE,
          "Compressed bodies are not accepted: leave Content-Encoding out.");
    }
  }

  private void requireLength(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    // The library refuses a length that is not a number before this code.
    if (length != null && Long.parseLong(length.strip()) > server.options().maxBodyBytes()) {
      throw server.bodyTooLarge();
    }
  }

  /** Answers a request that does not become an exchange. */
  private void refuse(HttpServerRequest request, ErrorFormat errors, Throwable failure) {
    server.failed(failure);
    HttpError error = HttpError.of(failure);
    int status = errors.status(error);
    error.describe(request.response());
    // Discard what the client still sends, for at most the time that a body may take.
    request.endHandler(end -> server.connections().answered(request));
    request.resume();
    long start = System.nanoTime();
    server
        .answer(request, status, EmbeddingServer.JSON, Buffer.buffer(errors.body(error)))
        .onComplete(
            sent ->
                server
                    .metrics()
                    .ended("refused", Integer.toString(status), System.nanoTime() - start));
  }
}
