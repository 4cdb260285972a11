package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.failsafe.ExecutionContext;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.failsafe.function.CheckedSupplier;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Speaks with a hub. Every request is tried again, after a growing pause or the one that the server
 * asks for, when its failure may pass: HTTP 408, 429 and 5xx, a broken connection, wrong bytes.
 *
 * <p>The token goes to the endpoint alone: redirects are followed here, not by the HTTP client, and
 * without it where they lead to another scheme, host or port.
 */
final class HubClient implements AutoCloseable {

  /** How often a request is tried. */
  static final int TRIES = 6;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** Who asks for more patience is not waited for: whoever runs this decides. */
  private static final Duration LONGEST_ASKED = Duration.ofMinutes(5);

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(15);
  private static final int MAX_REDIRECTS = 10;
  private static final int MAX_LISTING_BYTES = 32 << 20;
  private static final int BUFFER_BYTES = 1 << 16;

  private final HubSettings settings;
  private final HttpClient http;
  private final StallGuard stallGuard;
  private final RetryPolicy<Object> patient;
  private final RetryPolicy<Object> onlyIfReachable;
  private final Duration timeout;

  /**
   * @param pause takes the pause before another try and returns the one to make; identity but in
   *     tests
   * @param timeout how long to wait for an answer, and for the next bytes of one
   */
  HubClient(HubSettings settings, UnaryOperator<Duration> pause, Duration timeout) {
    this.settings = settings;
    this.timeout = timeout;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    this.stallGuard = new StallGuard(timeout);
    this.patient = policy(pause, failure -> true);
    this.onlyIfReachable = policy(pause, failure -> !failure.isUnreachable());
  }

  private static RetryPolicy<Object> policy(
      UnaryOperator<Duration> pause, Predicate<TransferException> worthAnotherTry) {
    return RetryPolicy.builder()
        .handleIf(e -> e instanceof TransferException failure && worthAnotherTry.test(failure))
        .withMaxAttempts(TRIES)
        .withDelayFn(context -> pause.apply(pauseBefore(context)))
        .build();
  }

  private static Duration pauseBefore(ExecutionContext<Object> next) {
    if (next.getLastException() instanceof TransferException failure) {
      Duration asked = failure.retryAfter();
      if (asked != null) {
        return asked;
      }
    }
    Duration grown = FIRST_PAUSE.multipliedBy(1L << (next.getAttemptCount() - 1));
    return grown.compareTo(LONGEST_PAUSE) < 0 ? grown : LONGEST_PAUSE;
  }

  /**
   * What a repository holds, its revision resolved to a commit.
   *
   * @throws HubException if it is not to be had
   */
  Listing list(Repository repository) throws IOException, InterruptedException {
    URI uri = URI.create(settings.endpoint() + repository.apiPath());
    String what = "The list of %s's files".formatted(repository);
    byte[] json =
        retrying(
            onlyIfReachable,
            what,
            () -> {
              HttpResponse<InputStream> response = get(uri, repository, null, List.of());
              try (InputStream body = stallGuard.watch(response.body())) {
                byte[] bytes = body.readNBytes(MAX_LISTING_BYTES);
                if (bytes.length == MAX_LISTING_BYTES) {
                  throw new HubException("%s is too long to be one.".formatted(what));
                }
                return bytes;
              } catch (HubException e) {
                throw e;
              } catch (IOException e) {
                throw TransferException.broken("it broke off: %s".formatted(reason(e)), e);
              }
            });
    try {
      JsonObject answer = JsonParser.parseString(new String(json, UTF_8)).getAsJsonObject();
      String commit = answer.get("sha").getAsString();
      if (!Repository.isCommit(commit)) {
        throw new JsonParseException("\"sha\" is no commit");
      }
      return new Listing(commit, files(answer.getAsJsonArray("siblings")));
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | ClassCastException
        | UnsupportedOperationException
        | NumberFormatException e) {
      throw new HubException(
          "%s does not answer as a Hugging Face hub does (%s): check HF_ENDPOINT."
              .formatted(uri, firstLine(e)),
          e);
    }
  }

  private static List<RemoteFile> files(JsonArray siblings) {
    List<RemoteFile> files = new ArrayList<>();
    for (JsonElement sibling : siblings) {
      JsonObject file = sibling.getAsJsonObject();
      String path = file.get("rfilename").getAsString();
      // Of what Git LFS keeps, blobId and the outer size are those of the pointer to it.
      boolean large = file.has("lfs") && file.get("lfs").isJsonObject();
      JsonObject content = large ? file.getAsJsonObject("lfs") : file;
      JsonElement hex = content.get(large ? "sha256" : "blobId");
      JsonElement size = content.get("size");
      boolean stated = hex != null && hex.isJsonPrimitive() && size != null;
      files.add(
          (stated ? Checksum.parse(hex.getAsString()) : Optional.<Checksum>empty())
              .map(checksum -> new RemoteFile(path, size.getAsLong(), checksum))
              .orElseGet(() -> RemoteFile.unstated(path)));
    }
    return List.copyOf(files);
  }

  /**
   * The file with its size and checksum; not every hub has them in its listing, and then the
   * headers of the file itself state them.
   *
   * @throws HubException if they do not
   */
  RemoteFile stated(Repository repository, String commit, RemoteFile file)
      throws IOException, InterruptedException {
    if (file.isStated()) {
      return file;
    }
    URI uri = URI.create(settings.endpoint() + repository.filePath(commit, file.path()));
    HttpHeaders headers =
        retrying(
            patient,
            "The checksum of %s".formatted(file.path()),
            () -> follow("HEAD", uri, repository, file.path(), List.of(), true).headers());
    Optional<String> linked = headers.firstValue("X-Linked-Etag");
    OptionalLong size =
        headers.firstValueAsLong(linked.isPresent() ? "X-Linked-Size" : "Content-Length");
    return linked
        .or(() -> headers.firstValue("ETag"))
        .flatMap(Checksum::ofEtag)
        .filter(checksum -> size.isPresent())
        .map(checksum -> new RemoteFile(file.path(), size.getAsLong(), checksum))
        .orElseThrow(
            () ->
                new HubException(
                    "The hub states no checksum or size of %s in %s at commit %s: nothing is pulled unverified."
                        .formatted(file.path(), repository, commit)));
  }

  /**
   * Downloads a file, or what is missing of it.
   *
   * @param part where to; what it holds already is taken for the file's beginning. Whole and
   *     verified when this returns, else to be continued
   * @param arrived told how many bytes are there
   * @throws HubException if it is not to be had
   */
  void download(
      Repository repository, String commit, RemoteFile file, Path part, LongConsumer arrived)
      throws IOException, InterruptedException {
    URI uri = URI.create(settings.endpoint() + repository.filePath(commit, file.path()));
    // What If-Range compares: the entity tag of the answer that brought the bytes so far.
    AtomicReference<@Nullable String> etag = new AtomicReference<>();
    retrying(
        patient,
        "%s of %s".formatted(file.path(), repository),
        () -> {
          receive(repository, uri, file, part, etag, arrived);
          return file;
        });
  }

  /** One try; {@code etag} is the strong entity tag of the part, if it is known. */
  private void receive(
      Repository repository,
      URI uri,
      RemoteFile file,
      Path part,
      AtomicReference<@Nullable String> etag,
      LongConsumer arrived)
      throws IOException, InterruptedException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    if (have > file.size()) {
      Files.delete(part);
      have = 0;
    }
    arrived.accept(have);
    if (have < file.size()) {
      List<String> headers = new ArrayList<>();
      if (have > 0) {
        headers.addAll(List.of("Range", "bytes=%s-".formatted(have)));
        String known = etag.get();
        if (known != null) {
          headers.addAll(List.of("If-Range", known));
        }
      }
      HttpResponse<InputStream> response = get(uri, repository, file.path(), headers);
      try (InputStream body = stallGuard.watch(response.body())) {
        boolean continued = continues(response, have);
        if (!continued && response.statusCode() != 200) {
          Files.deleteIfExists(part);
          throw TransferException.broken("the server sent another part than was asked for");
        }
        etag.set(strongEtag(response));
        append(body, part, continued ? have : 0, file.size(), arrived);
      } catch (TransferException e) {
        throw e;
      } catch (ConnectionBroken e) {
        throw TransferException.broken(
            "it broke off after %s of %s bytes: %s"
                .formatted(Files.size(part), file.size(), reason(e.broken)),
            e.broken);
      }
    } else if (have == 0) {
      Files.write(part, new byte[0]);
    }
    long received = Files.size(part);
    if (received < file.size()) {
      throw TransferException.broken(
          "it broke off after %s of %s bytes".formatted(received, file.size()));
    }
    if (received > file.size() || !file.checksum().matches(part)) {
      Files.delete(part);
      throw TransferException.broken(
          "the bytes that came are not those that the repository states (checksum %s)"
              .formatted(file.checksum()));
    }
  }

  private static boolean continues(HttpResponse<?> response, long have) {
    return response.statusCode() == 206
        && response
            .headers()
            .firstValue("Content-Range")
            .map(range -> range.startsWith("bytes %s-".formatted(have)))
            .orElse(false);
  }

  private static @Nullable String strongEtag(HttpResponse<?> response) {
    return response.headers().firstValue("ETag").filter(e -> e.startsWith("\"")).orElse(null);
  }

  /** Reading failed, and not writing: only that is worth another try. */
  private static final class ConnectionBroken extends Exception {
    private static final long serialVersionUID = 1L;
    final IOException broken;

    ConnectionBroken(IOException broken) {
      this.broken = broken;
    }
  }

  /** Writes no more than one byte too many. */
  private static void append(
      InputStream body, Path part, long from, long size, LongConsumer arrived)
      throws IOException, ConnectionBroken {
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(from);
      out.position(from);
      byte[] buffer = new byte[BUFFER_BYTES];
      while (out.position() <= size) {
        int n;
        try {
          n = body.read(buffer, 0, (int) Math.min(buffer.length, size + 1 - out.position()));
        } catch (IOException e) {
          throw new ConnectionBroken(e);
        }
        if (n < 0) {
          break;
        }
        ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        arrived.accept(out.position());
      }
      // A file that takes its final name holds what was verified, even after a power failure.
      out.force(true);
    }
  }

  private HttpResponse<InputStream> get(
      URI uri, Repository repository, @Nullable String file, List<String> headers)
      throws IOException, InterruptedException {
    return follow("GET", uri, repository, file, headers, false);
  }

  /**
   * Answers 200, 206 and 416 come back, everything else is thrown.
   *
   * @param stopAtLink whether a redirect is an answer when it states the checksum of what it leads
   *     to
   */
  private HttpResponse<InputStream> follow(
      String method,
      URI first,
      Repository repository,
      @Nullable String file,
      List<String> headers,
      boolean stopAtLink)
      throws IOException, InterruptedException {
    URI uri = first;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = send(method, uri, headers);
      int status = response.statusCode();
      boolean redirected =
          status >= 300 && status <= 399 && response.headers().firstValue("Location").isPresent();
      if (status == 200
          || status == 206
          || status == 416
          || (redirected
              && stopAtLink
              && response.headers().firstValue("X-Linked-Etag").isPresent())) {
        return response;
      }
      response.body().close();
      if (!redirected) {
        throw refusal(response, repository, file);
      }
      uri = redirect(uri, response.headers().firstValue("Location").orElseThrow());
    }
    throw new HubException("%s redirects without end: check HF_ENDPOINT.".formatted(first));
  }

  private URI redirect(URI from, String location) throws HubException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new HubException("%s redirects to what is no address.".formatted(from), e);
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
    if (settings.token() != null && isEndpoint(uri)) {
      request.header("Authorization", "Bearer " + settings.token());
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (ConnectException e) {
      // It carries no message; an unknown name shows in its causes alone.
      boolean unknown =
          e.getCause() != null && e.getCause().getCause() instanceof UnresolvedAddressException;
      throw TransferException.unreachable(
          unknown
              ? "the name %s is not known".formatted(uri.getHost())
              : "%s does not take connections".formatted(uri.getAuthority()),
          e);
    } catch (HttpConnectTimeoutException | SSLException e) {
      throw TransferException.unreachable(
          "no connection to %s: %s".formatted(uri.getHost(), reason(e)), e);
    } catch (IOException e) {
      throw TransferException.broken("%s: %s".formatted(uri.getHost(), reason(e)), e);
    }
  }

  private boolean isEndpoint(URI uri) {
    URI endpoint = settings.endpoint();
    return endpoint.getScheme().equals(uri.getScheme())
        && endpoint.getHost().equalsIgnoreCase(uri.getHost())
        && port(endpoint) == port(uri);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
  }

  private IOException refusal(
      HttpResponse<?> response, Repository repository, @Nullable String file) {
    int status = response.statusCode();
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    String token =
        settings.token() == null
            ? "set HF_TOKEN to a token"
            : "the token in %s is not enough".formatted(settings.tokenSource());
    if (status == 408 || status == 429 || status >= 500) {
      Duration asked =
          response.headers().firstValue("Retry-After").map(HubClient::wait).orElse(null);
      if (asked != null && asked.compareTo(LONGEST_ASKED) > 0) {
        return new HubException(
            "%s asks to come back in %s minutes (HTTP %s): run it again then, what has arrived is kept."
                .formatted(response.uri().getHost(), asked.toMinutes(), status));
      }
      return TransferException.refused(
          "%s answers HTTP %s".formatted(response.uri().getHost(), status), asked);
    }
    if (!isEndpoint(response.uri())) {
      // The address on a content network is signed and expires; the hub gives out a new one.
      return TransferException.refused(
          "%s, where the hub sent us, answers HTTP %s".formatted(response.uri().getHost(), status),
          null);
    }
    if (code.equals("GatedRepo") || (status == 403 && !code.equals("RepoNotFound"))) {
      return new HubException(
          "%s is gated or closed to you (HTTP %s): accept its terms at %s/%s, and use a token of that account (%s)."
              .formatted(repository, status, settings.endpoint(), repository, token));
    }
    if (status == 401) {
      return new HubException(
          settings.token() == null
              ? "%s is private, or there is no such repository (HTTP 401, the hub does not say which): check the name, or set HF_TOKEN to a token that may read it."
                  .formatted(repository)
              : "The hub does not take the token in %s for %s (HTTP 401): it is wrong or expired, or there is no such repository."
                  .formatted(settings.tokenSource(), repository));
    }
    if (status == 404 && file != null) {
      return new HubException(
          "%s has no file %s at revision %s (HTTP 404)."
              .formatted(repository, file, repository.revision()));
    }
    if (status == 404 && code.equals("RevisionNotFound")) {
      return new HubException(
          "%s has no revision %s (HTTP 404): name a branch, tag or commit of it."
              .formatted(repository, repository.revision()));
    }
    if (status == 404) {
      return new HubException(
          "There is no model repository %s with a revision %s at %s (HTTP 404)."
              .formatted(repository, repository.revision(), settings.endpoint()));
    }
    return new HubException(
        "%s refuses %s (HTTP %s)."
            .formatted(settings.endpoint(), file == null ? repository : file, status));
  }

  /** Seconds or a date; null for what is neither. */
  static @Nullable Duration wait(String retryAfter) {
    String value = retryAfter.strip();
    try {
      return Duration.ofSeconds(Math.max(0, Long.parseLong(value)));
    } catch (NumberFormatException | ArithmeticException e) {
      // Then it is a date.
    }
    try {
      ZonedDateTime then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration left = Duration.between(ZonedDateTime.now(then.getZone()), then);
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeException e) {
      return null;
    }
  }

  private <T> T retrying(RetryPolicy<Object> policy, String what, CheckedSupplier<T> action)
      throws IOException, InterruptedException {
    try {
      return Failsafe.with(policy).get(action);
    } catch (FailsafeException e) {
      Throwable cause = e.getCause();
      if (cause instanceof TransferException failure) {
        throw failure.isUnreachable()
            ? new HubException(
                "%s is out of reach (%s): check the network, HF_ENDPOINT or a proxy (-Dhttps.proxyHost in NEURON_EMBED_JAVA_OPTS); HF_HUB_OFFLINE=1 takes what the hub's cache has."
                    .formatted(settings.endpoint(), failure.getMessage()),
                failure)
            : new HubException(
                "%s could not be downloaded in %s tries (%s): run it again, what has arrived is kept."
                    .formatted(what, TRIES, failure.getMessage()),
                failure);
      }
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      throw e;
    }
  }

  private static String reason(IOException e) {
    Throwable deepest = e;
    while (deepest.getCause() != null && deepest.getMessage() == null) {
      deepest = deepest.getCause();
    }
    return deepest.getMessage() == null ? deepest.getClass().getSimpleName() : firstLine(deepest);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public void close() {
    stallGuard.close();
  }
}
