package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proxies of the environment, as the libraries under {@code huggingface_hub} read them
 * (requests 2.32, httpx 0.28, and urllib of Python 3.12 under both): {@code https_proxy} and {@code
 * http_proxy} by the scheme of the address, {@code all_proxy} for a scheme without its own proxy,
 * {@code no_proxy} for hosts that are called directly. A name in lower case has precedence over
 * upper case. If none of them is set, the JVM's own proxy settings apply.
 */
final class Proxies extends ProxySelector {

  private static final int DEFAULT_PORT = 80;

  /** Basic authentication at a proxy for https is off in the JDK unless this is set to nothing. */
  private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  /** A proxy, and the header's value that lets the user through; null if it needs none. */
  private record Way(String host, int port, @Nullable String login) {
    Proxy proxy() {
      // Unresolved: its name is looked up when it is used.
      return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    }
  }

  private final Map<String, Way> byScheme;
  private final DirectHosts direct;

  private Proxies(Map<String, Way> byScheme, DirectHosts direct) {
    this.byScheme = byScheme;
    this.direct = direct;
  }

  /**
   * Reads them.
   *
   * @throws UsageException if one is not the address of an HTTP proxy
   */
  static Proxies of(Map<String, String> environment) {
    Map<String, Way> byScheme = new HashMap<>();
    for (String scheme : List.of("http", "https")) {
      String name = scheme + "_proxy";
      String value = variable(environment, name);
      if (value.isEmpty()) {
        name = "all_proxy";
        value = variable(environment, name);
      }
      if (!value.isEmpty()) {
        byScheme.put(scheme, way(name.toUpperCase(Locale.ROOT), value));
      }
    }
    return new Proxies(Map.copyOf(byScheme), DirectHosts.parse(variable(environment, "no_proxy")));
  }

  private static String variable(Map<String, String> environment, String name) {
    String lower = environment.getOrDefault(name, "").strip();
    return lower.isEmpty()
        ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "").strip()
        : lower;
  }

  private static Way way(String name, String value) {
    try {
      URI uri = new URI(value.contains("://") ? value : "http://" + value);
      if ("http".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null) {
        return new Way(
            uri.getHost(),
            uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(),
            login(uri.getRawUserInfo()));
      }
    } catch (URISyntaxException e) {
      // Reported below, without the value, which may contain a password.
    }
    throw new UsageException(
        ("%s is not the address of an HTTP proxy, for example"
                + " http://proxy.example:3128 (SOCKS, and TLS to the proxy itself, are not"
                + " supported).")
            .formatted(name));
  }

  /** Basic authentication of {@code USER:PASSWORD}, whose parts may have percent escapes. */
  private static @Nullable String login(@Nullable String userInfo) {
    if (userInfo == null) {
      return null;
    }
    String[] parts = userInfo.split(":", 2);
    String plain = decode(parts[0]) + ":" + (parts.length > 1 ? decode(parts[1]) : "");
    return "Basic " + Base64.getEncoder().encodeToString(plain.getBytes(UTF_8));
  }

  /** A plus is a plus here. */
  private static String decode(String escaped) {
    return URLDecoder.decode(escaped.replace("+", "%2B"), UTF_8);
  }

  /**
   * Has a client use them. The JDK reads once a process whether a proxy for https may see a
   * password, so the first client of the process decides.
   */
  void applyTo(HttpClient.Builder client) {
    if (byScheme.isEmpty()) {
      return;
    }
    client.proxy(this);
    boolean password = byScheme.values().stream().anyMatch(way -> way.login() != null);
    if (password && System.getProperty(TUNNEL_SCHEMES) == null) {
      System.setProperty(TUNNEL_SCHEMES, "");
    }
  }

  /** What a proxy on the way wants to see of the user, for {@code Proxy-Authorization}. */
  Optional<String> login(URI uri) {
    return way(uri).map(Way::login);
  }

  /** The proxy for an address, HOST:PORT; empty for a direct connection. */
  Optional<String> proxyOf(URI uri) {
    return way(uri).map(way -> way.host() + ":" + way.port());
  }

  /** For messages: {@code " through the proxy HOST:PORT"}, or nothing. */
  String through(URI uri) {
    return proxyOf(uri).map(proxy -> " through the proxy " + proxy).orElse("");
  }

  private Optional<Way> way(URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    return Optional.ofNullable(byScheme.get(scheme)).filter(way -> !direct.covers(uri));
  }

  @Override
  public List<Proxy> select(URI uri) {
    return List.of(way(uri).map(Way::proxy).orElse(Proxy.NO_PROXY));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // The request's own exception reports it.
  }
}
