package io.github.neuronembed.cli.pull;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Two servers on loopback that behave as the hub and its content network do. Files over a kilobyte
 * are kept by Git LFS and served by the network; the rest by the hub, after a redirect of its own.
 */
final class StandInHub implements AutoCloseable {

  static final String COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a";
  private static final int LARGE_BYTES = 1024;

  /** What goes wrong once, in the order they were added. */
  record Fault(String path, Kind kind, int value, Map<String, String> headers) {
    enum Kind {
      /** The connection ends after so many bytes. */
      BREAK,
      /** No more comes after so many bytes. */
      STALL,
      /** The byte at that place is another. */
      CORRUPT,
      /** That status is the answer. */
      STATUS,
      /** That status is the network's answer. */
      NETWORK_STATUS,
      /** The network has come to another entity tag. */
      NEW_ETAG
    }
  }

  /**
   * A request.
   *
   * @param server {@code hub} or {@code network}
   */
  record Seen(String server, String method, String path, Map<String, String> headers) {
    String header(String name) {
      return headers.getOrDefault(name, "");
    }
  }

  final Map<String, byte[]> files = new TreeMap<>();
  final List<Seen> seen = Collections.synchronizedList(new ArrayList<>());
  String repository = "BAAI/bge-small-en-v1.5";
  String commit = COMMIT;
  String token = "";
  boolean blobsInListing = true;
  boolean corruptAlways;

  private final Deque<Fault> faults = new ArrayDeque<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub;
  private final HttpServer network;

  StandInHub() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    hub = HttpServer.create(any, 0);
    network = HttpServer.create(any, 0);
    for (HttpServer server : List.of(hub, network)) {
      server.setExecutor(threads);
    }
    hub.createContext("/", exchange -> handle("hub", exchange));
    network.createContext("/", exchange -> handle("network", exchange));
    hub.start();
    network.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + hub.getAddress().getPort();
  }

  void fault(String path, Fault.Kind kind, int value) {
    fault(path, kind, value, Map.of());
  }

  void fault(String path, Fault.Kind kind, int value, Map<String, String> headers) {
    synchronized (faults) {
      faults.add(new Fault(path, kind, value, headers));
    }
  }

  /** A file that there is. */
  byte[] content(String path) {
    return Objects.requireNonNull(files.get(path), path);
  }

  List<Seen> seen(String server, String part) {
    synchronized (seen) {
      return seen.stream().filter(s -> s.server.equals(server) && s.path.contains(part)).toList();
    }
  }

  private @Nullable Fault next(String path, Fault.Kind... kinds) {
    synchronized (faults) {
      Fault first = faults.peek();
      return first != null && first.path.equals(path) && List.of(kinds).contains(first.kind)
          ? faults.remove()
          : null;
    }
  }

  private void handle(String server, HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
      String path = exchange.getRequestURI().toString();
      seen.add(new Seen(server, exchange.getRequestMethod(), path, headers));
      if (server.equals("network")) {
        network(exchange, path.substring("/blobs/".length()), headers);
      } else if (!token.isEmpty() && !("Bearer " + token).equals(headers.get("Authorization"))) {
        status(exchange, 401, Map.of("X-Error-Code", "RepoNotFound"));
      } else {
        hub(exchange, path, headers);
      }
    }
  }

  private void hub(HttpExchange exchange, String path, Map<String, String> headers)
      throws IOException {
    String api = "/api/models/" + repository + "/revision/";
    String resolve = "/" + repository + "/resolve/" + commit + "/";
    String cached = "/api/resolve-cache/models/" + repository + "/" + commit + "/";
    Fault refusal = next(path.startsWith(api) ? "" : tail(path), Fault.Kind.STATUS);
    if (refusal != null) {
      status(exchange, refusal.value, refusal.headers);
    } else if (path.startsWith(api)) {
      String revision = path.substring(api.length()).replace("?blobs=true", "");
      if (revision.equals("main") || revision.equals("refs%2Fpr%2F1") || revision.equals(commit)) {
        answer(exchange, 200, listing().toString().getBytes(StandardCharsets.UTF_8));
      } else {
        status(exchange, 404, Map.of("X-Error-Code", "RevisionNotFound"));
      }
    } else if (path.startsWith(resolve) && files.containsKey(path.substring(resolve.length()))) {
      String file = path.substring(resolve.length());
      byte[] content = content(file);
      exchange.getResponseHeaders().set("X-Repo-Commit", commit);
      if (content.length > LARGE_BYTES) {
        exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + sha256(content) + "\"");
        exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(content.length));
        status(
            exchange,
            302,
            Map.of(
                "Location",
                "http://127.0.0.1:" + network.getAddress().getPort() + "/blobs/" + file));
      } else {
        status(exchange, 307, Map.of("Location", cached + file));
      }
    } else if (path.startsWith(cached)) {
      byte[] content = content(path.substring(cached.length()));
      exchange.getResponseHeaders().set("ETag", "\"" + gitSha1(content) + "\"");
      serve(exchange, path.substring(cached.length()), content, "", headers);
    } else {
      status(exchange, 404, Map.of("X-Error-Code", "RepoNotFound"));
    }
  }

  /** The path in the repository, whichever way it is asked for. */
  private String tail(String path) {
    int at = path.indexOf(commit);
    return at < 0 ? path : path.substring(at + commit.length() + 1);
  }

  private void network(HttpExchange exchange, String file, Map<String, String> headers)
      throws IOException {
    Fault refusal = next(file, Fault.Kind.NETWORK_STATUS);
    if (refusal != null) {
      status(exchange, refusal.value, refusal.headers);
      return;
    }
    // The network's entity tag is its own.
    Fault renewed = next(file, Fault.Kind.NEW_ETAG);
    String etag =
        "\"%s-%s\"".formatted(renewed == null ? "a" : "b", sha256(content(file)).substring(0, 8));
    exchange.getResponseHeaders().set("ETag", etag);
    serve(exchange, file, content(file), etag, headers);
  }

  private void serve(
      HttpExchange exchange, String file, byte[] content, String etag, Map<String, String> headers)
      throws IOException {
    Fault refusal = next(file, Fault.Kind.STATUS);
    if (refusal != null) {
      status(exchange, refusal.value, refusal.headers);
      return;
    }
    int from = 0;
    String range = headers.getOrDefault("Range", "");
    if (range.startsWith("bytes=") && headers.getOrDefault("If-Range", etag).equals(etag)) {
      from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %s-%s/%s".formatted(from, content.length - 1, content.length));
    }
    byte[] body = Arrays.copyOfRange(content, from, content.length);
    Fault fault = next(file, Fault.Kind.BREAK, Fault.Kind.STALL, Fault.Kind.CORRUPT);
    int sent = body.length;
    if (fault != null && fault.kind == Fault.Kind.CORRUPT) {
      body[fault.value] ^= 1;
    } else if (corruptAlways && content.length > LARGE_BYTES) {
      body[0] ^= 1;
    } else if (fault != null) {
      sent = fault.value;
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(content.length));
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, head || body.length == 0 ? -1 : body.length);
    OutputStream out = exchange.getResponseBody();
    out.write(body, 0, head ? 0 : sent);
    out.flush();
    if (fault != null && fault.kind == Fault.Kind.STALL) {
      try {
        closing.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private JsonObject listing() {
    JsonArray siblings = new JsonArray();
    files.forEach(
        (path, content) -> {
          JsonObject file = new JsonObject();
          file.addProperty("rfilename", path);
          if (blobsInListing) {
            file.addProperty("size", content.length);
            file.addProperty("blobId", gitSha1(content));
            if (content.length > LARGE_BYTES) {
              JsonObject lfs = new JsonObject();
              lfs.addProperty("sha256", sha256(content));
              lfs.addProperty("size", content.length);
              lfs.addProperty("pointerSize", 134);
              file.addProperty("blobId", "0".repeat(40));
              file.add("lfs", lfs);
            }
          }
          siblings.add(file);
        });
    JsonObject model = new JsonObject();
    model.addProperty("id", repository);
    model.addProperty("sha", commit);
    model.add("siblings", siblings);
    return model;
  }

  private static void status(HttpExchange exchange, int status, Map<String, String> headers)
      throws IOException {
    headers.forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(status, -1);
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  static String sha256(byte[] content) {
    return hex("SHA-256", content);
  }

  static String gitSha1(byte[] content) {
    byte[] header = "blob %s\0".formatted(content.length).getBytes(StandardCharsets.UTF_8);
    byte[] all = Arrays.copyOf(header, header.length + content.length);
    System.arraycopy(content, 0, all, header.length, content.length);
    return hex("SHA-1", all);
  }

  private static String hex(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    hub.stop(0);
    network.stop(0);
    threads.shutdownNow();
  }
}
