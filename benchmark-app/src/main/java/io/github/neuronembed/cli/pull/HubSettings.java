package io.github.neuronembed.cli.pull;

import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings for the hub, from the environment variables of the {@code huggingface_hub} library.
 *
 * @param endpoint {@code HF_ENDPOINT}, without a trailing slash
 * @param token {@code HF_TOKEN}, else the content of {@code HF_HOME/token}; null if there is
 *     neither
 * @param tokenSource where the token came from, for messages
 * @param cache {@code HF_HUB_CACHE}, else {@code HF_HOME/hub}; it is read, never written
 * @param offline {@code HF_HUB_OFFLINE}
 * @param proxies {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY}, {@code NO_PROXY}
 */
record HubSettings(
    URI endpoint,
    @Nullable String token,
    String tokenSource,
    Path cache,
    boolean offline,
    Proxies proxies) {

  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  /**
   * Reads them.
   *
   * @param home the user's home folder
   * @throws UsageException if one makes no sense
   */
  static HubSettings of(Map<String, String> environment, Path home) throws IOException {
    Path caches = folder(environment, "XDG_CACHE_HOME", home.resolve(".cache"));
    Path hubHome = folder(environment, "HF_HOME", caches.resolve("huggingface"));
    String source = "HF_TOKEN";
    String token = environment.getOrDefault(source, "").strip();
    if (token.isEmpty()) {
      Path file = hubHome.resolve("token");
      source = file.toString();
      token = Files.isReadable(file) ? Files.readString(file).strip() : "";
    }
    if (token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new UsageException(
          "The token in %s has characters that no token has: copy it again.".formatted(source));
    }
    return new HubSettings(
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        token.isEmpty() ? null : token,
        source,
        folder(environment, "HF_HUB_CACHE", hubHome.resolve("hub")),
        TRUE.contains(environment.getOrDefault("HF_HUB_OFFLINE", "").toUpperCase(Locale.ROOT)),
        Proxies.of(environment));
  }

  private static URI endpoint(String given) {
    String url = given.isBlank() ? "https://huggingface.co" : given.strip();
    while (url.endsWith("/")) {
      url = url.substring(0, url.length() - 1);
    }
    try {
      URI uri = new URI(url);
      if (("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new UsageException(
        "HF_ENDPOINT is not the address of a hub, for example https://hub.example"
            + " (without a user name).");
  }

  private static Path folder(Map<String, String> environment, String name, Path byDefault) {
    String value = environment.getOrDefault(name, "");
    return value.isBlank() ? byDefault : Path.of(value).toAbsolutePath();
  }

  /** Whether an address is the endpoint's, so that the token may go there. */
  boolean isEndpoint(URI uri) {
    return endpoint.getScheme().equals(uri.getScheme())
        && endpoint.getHost().equalsIgnoreCase(uri.getHost())
        && port(endpoint) == port(uri);
  }

  /** The port of an address of the web, its scheme's if it states none. */
  static int port(URI uri) {
    return uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
  }

  /** Shows it without the token. */
  @Override
  public String toString() {
    return endpoint.toString();
  }
}
