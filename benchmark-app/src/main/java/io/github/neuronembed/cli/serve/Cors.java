package io.github.neuronembed.cli.serve;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which web pages may use the server from a browser: by default none. The browser asks the server
 * first (Fetch standard, "CORS protocol"), and the answer then contains no permission.
 *
 * @param origins such as {@code https://search.example.org}; {@code *} for every one
 */
record Cors(Set<String> origins) {

  private static final String ALLOWED_HEADERS =
      "Authorization, api-key, Content-Type, X-Input-Type, X-Priority";
  private static final String EXPOSED_HEADERS =
      "Retry-After, Retry-After-Ms, X-Compute-Characters, X-Compute-Tokens, X-Truncated-Count,"
          + " X-Truncated-Inputs";

  Cors {
    origins = Set.copyOf(origins);
  }

  /** Whether this is the preflight request that a browser sends before the request itself. */
  boolean isPreflight(HttpServerRequest request) {
    return request.method().equals(HttpMethod.OPTIONS)
        && allowed(request) != null
        && request.getHeader("Access-Control-Request-Method") != null;
  }

  /** Adds the headers that the browser needs to an answer. */
  void describe(HttpServerRequest request) {
    if (origins.isEmpty()) {
      return;
    }
    HttpServerResponse response = request.response();
    response.putHeader("Vary", "Origin");
    String origin = allowed(request);
    if (origin == null) {
      return;
    }
    response.putHeader("Access-Control-Allow-Origin", origin);
    if (isPreflight(request)) {
      response
          .putHeader("Access-Control-Allow-Methods", "GET, HEAD, POST")
          .putHeader("Access-Control-Allow-Headers", ALLOWED_HEADERS)
          .putHeader("Access-Control-Max-Age", "600");
    } else {
      response.putHeader("Access-Control-Expose-Headers", EXPOSED_HEADERS);
    }
  }

  private @Nullable String allowed(HttpServerRequest request) {
    String origin = request.getHeader("Origin");
    if (origin == null) {
      return null;
    }
    if (origins.contains("*")) {
      return "*";
    }
    return origins.contains(origin) ? origin : null;
  }
}
