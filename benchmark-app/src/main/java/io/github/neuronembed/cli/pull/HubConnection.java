package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;

/**
 * Sends requests to the hub and follows its redirects. The token goes only to the endpoint:
 * redirects are followed here, not by the HTTP client, and without the token if they lead to
 * another scheme, host or port. Thread-safe.
 */
final class HubConnection implements AutoCloseable {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
  private static final int MAX_REDIRECTS = 10;

  private final HubSettings settings;
  private final Duration timeout;
  private final HttpClient http;
  private final StallGuard stallGuard;
  private final Refusals refusals;

  /**
   * @param timeout how long to wait for an answer, and for the next bytes of one
   */
  HubConnection(HubSettings settings, Duration timeout) {
    this.settings = settings;
    this.timeout = timeout;
    this.stallGuard = new StallGuard(timeout);
    this.refusals = new Refusals(settings);
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT);
    settings.proxies().applyTo(builder);
    this.http = builder.build();
  }

  /** The address of a path below the endpoint. */
  URI uri(String path) {
    return URI.create(settings.endpoint() + path);
  }

  /**
   * An answer with a body: 200, 206 or 416.
   *
   * @param asked the requested object, for messages
   * @param headers names and values, alternating
   * @throws TransferException if another try may succeed
   * @throws HubException if none will
   */
  HttpResponse<InputStream> get(URI uri, Asked asked, List<String> headers)
      throws IOException, InterruptedException {
    return follow("GET", uri, asked, headers, response -> false);
  }

  /**
   * The headers that state a file's checksum: those of the file itself, or of a redirect that
   * states them of what it leads to.
   */
  HttpResponse<InputStream> head(URI uri, Asked asked) throws IOException, InterruptedException {
    return follow(
        "HEAD",
        uri,
        asked,
        List.of(),
        response -> response.headers().firstValue("X-Linked-Etag").isPresent());
  }

  /** An answer's body; a read that waits longer than the timeout for bytes fails. */
  InputStream body(HttpResponse<InputStream> response) {
    return stallGuard.watch(response.body());
  }

  private HttpResponse<InputStream> follow(
      String method,
      URI first,
      Asked asked,
      List<String> headers,
      Predicate<HttpResponse<?>> isEnough)
      throws IOException, InterruptedException {
    URI uri = first;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = send(method, uri, headers);
      int status = response.statusCode();
      Optional<String> location =
          response.headers().firstValue("Location").filter(to -> status >= 300 && status <= 399);
      if (status == 200
          || status == 206
          || status == 416
          || (location.isPresent() && isEnough.test(response))) {
        return response;
      }
      response.body().close();
      if (location.isEmpty()) {
        throw refusals.of(response, asked);
      }
      uri = redirect(uri, location.get());
    }
    throw new HubException("%s redirects without end: check HF_ENDPOINT.".formatted(first));
  }

  private URI redirect(URI from, String location) throws HubException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new HubException("%s redirects to an invalid address.".formatted(from), e);
    }
    boolean web = "https".equals(to.getScheme()) || "http".equals(to.getScheme());
    boolean downgrade = "https".equals(from.getScheme()) && !"https".equals(to.getScheme());
    if (!web || downgrade || to.getHost() == null) {
      throw new HubException(
          "%s redirects to %s://%s, which is not safe: nothing is pulled from there."
              .formatted(settings.endpoint(), to.getScheme(), to.getHost()));
    }
    return to;
  }

  private HttpResponse<InputStream> send(String method, URI uri, List<String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).timeout(timeout).header("User-Agent", "neuron-embed");
    if (method.equals("HEAD")) {
      request.method(method, HttpRequest.BodyPublishers.noBody());
    }
    if (!headers.isEmpty()) {
      request.headers(headers.toArray(String[]::new));
    }
    if (settings.token() != null && settings.isEndpoint(uri)) {
      request.header("Authorization", "Bearer " + settings.token());
    }
    settings.proxies().login(uri).ifPresent(login -> request.header("Proxy-Authorization", login));
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (ConnectException e) {
      throw TransferException.unreachable(notConnected(uri, e), e);
    } catch (HttpConnectTimeoutException | SSLException e) {
      throw TransferException.unreachable(
          "no connection to %s%s: %s"
              .formatted(
                  uri.getHost(), settings.proxies().through(uri), TransferException.reason(e)),
          e);
    } catch (IOException e) {
      String way = settings.proxies().through(uri);
      if (!way.isEmpty() && String.valueOf(e.getMessage()).startsWith("Tunnel failed")) {
        // The HTTP client's words for a proxy's answer to CONNECT that is not 200 (JDK 17 to 25).
        throw TransferException.unreachable(
            "no connection to %s%s: %s".formatted(uri.getHost(), way, TransferException.reason(e)),
            e);
      }
      throw TransferException.broken(
          "%s%s: %s".formatted(uri.getHost(), way, TransferException.reason(e)), e);
    }
  }

  /** The exception carries no message; an unknown name shows in its causes alone. */
  private String notConnected(URI uri, ConnectException e) {
    boolean unknown =
        e.getCause() != null && e.getCause().getCause() instanceof UnresolvedAddressException;
    Optional<String> proxy = settings.proxies().proxyOf(uri);
    if (unknown) {
      return "the name %s is not known"
          .formatted(proxy.map(p -> "of the proxy " + p).orElse(uri.getHost()));
    }
    return "%s does not take connections"
        .formatted(proxy.map(p -> "the proxy " + p).orElse(uri.getAuthority()));
  }

  @Override
  public void close() {
    stallGuard.close();
  }
}
