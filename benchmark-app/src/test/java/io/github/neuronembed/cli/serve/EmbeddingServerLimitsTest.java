package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.serve.RunningServer.await;
import static io.github.neuronembed.cli.serve.RunningServer.json;
import static io.github.neuronembed.cli.serve.RunningServer.longTexts;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.neuronembed.engine.EngineSnapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Too much, too slow, too early, gone: what is not an ordinary request. */
@Timeout(300)
class EmbeddingServerLimitsTest {

  private static final String PATH = "/v1/embeddings";

  /** What an execution takes: a request of many texts takes a while, and no processor. */
  private static final Duration TEXT = Duration.ofMillis(50);

  private static final String SMALL = "{\"input\":\"a\"}";

  private static String work(int texts) {
    return "{\"input\":" + longTexts(texts) + "}";
  }

  private static void assertServes(RunningServer server) throws Exception {
    assertThat(server.post(PATH, SMALL).statusCode()).isEqualTo(200);
    assertThat(server.get("/health/ready").statusCode()).isEqualTo(200);
  }

  private static boolean isIdle(RunningServer server) {
    EngineSnapshot snapshot = server.embedder.snapshot();
    return snapshot.queuedRequests() == 0 && snapshot.runningRequests() == 0;
  }

  private static String head(String... fields) {
    return """
        POST /v1/embeddings HTTP/1.1
        Host: x
        Content-Type: application/json
        %s

        """
        .formatted(String.join("\n", fields))
        .replace("\n", "\r\n");
  }

  private static String length(String body) {
    return "Content-Length: " + body.length();
  }

  private static void send(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String firstLine(Socket socket) throws IOException {
    return String.valueOf(
        new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
            .readLine());
  }

  @Test
  void whatTheEngineRefusesIsRefusedWithAHint() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(
            RunningServer.options(),
            Duration.ofMillis(200),
            engine -> engine.maxQueuedRequests(64))) {
      CompletableFuture<HttpResponse<String>> first = server.postAsync(PATH, work(60));
      await(() -> server.embedder.snapshot().queuedRequests() > 40);
      long accepted = server.embedder.snapshot().requests();

      // There would be room for some of its texts, not for all of them.
      HttpResponse<String> response = server.post(PATH, work(60));

      assertThat(response.statusCode()).isEqualTo(429);
      assertThat(json(response).getAsJsonObject("error").get("type").getAsString())
          .isEqualTo("rate_limit_error");
      long seconds = response.headers().firstValueAsLong("Retry-After").orElseThrow();
      long millis = response.headers().firstValueAsLong("Retry-After-Ms").orElseThrow();
      assertThat(seconds).isEqualTo((millis + 999) / 1000).isPositive();
      assertThat(server.embedder.snapshot().requests()).isEqualTo(accepted);
      assertThat(server.embedder.snapshot().refused()).isPositive();

      HttpResponse<String> bulk = server.post(PATH, work(6), "X-Priority", "bulk");

      assertThat(bulk.statusCode()).isEqualTo(200);
      assertThat(first.get().statusCode()).isEqualTo(200);
      assertThat(server.embedder.snapshot().completed()).isEqualTo(66);
      assertServes(server);
    }
  }

  @Test
  void tooManyRequestsAreRefused() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(
            RunningServer.within(Duration.ofMinutes(1), 1, Duration.ofMinutes(1)), TEXT)) {
      CompletableFuture<HttpResponse<String>> first = server.postAsync(PATH, work(20));
      await(() -> server.embedder.snapshot().requests() > 0);

      HttpResponse<String> second = server.post(PATH, SMALL);

      assertThat(second.statusCode()).isEqualTo(429);
      assertThat(second.headers().firstValue("Retry-After")).contains("1");
      assertThat(first.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aRequestThatTakesTooLongIsEndedAndItsWorkWithdrawn() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(
            RunningServer.within(Duration.ofSeconds(3), 8, Duration.ofMinutes(1)),
            Duration.ofMillis(200))) {
      HttpResponse<String> response = server.post(PATH, work(64));

      assertThat(response.statusCode()).isEqualTo(504);
      assertThat(response.body())
          .contains("not served within 3 s", "send fewer texts at a time", "--request-timeout");
      await(() -> isIdle(server));
      EngineSnapshot after = server.embedder.snapshot();
      assertThat(after.cancelled() + after.expired()).isPositive();

      try (Socket slow = server.socket()) {
        send(slow, head(length(SMALL)) + "{");
        assertThat(firstLine(slow)).isEqualTo("HTTP/1.1 408 Request Timeout");
        assertThat(slow.getInputStream().readAllBytes()).isNotNull();
      }
      assertServes(server);
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedBeforeItIsRead() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), TEXT)) {
      int most = RunningServer.options().maxBodyBytes();
      try (Socket socket = server.socket()) {
        send(socket, head("Content-Length: " + (most + 1), "Expect: 100-continue"));
        assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 413 Request Entity Too Large");
      }
      try (Socket socket = server.socket()) {
        send(socket, head(length(SMALL), "Expect: 100-continue"));
        assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 100 Continue");
        send(socket, SMALL);
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        assertThat(in.lines().dropWhile(String::isEmpty).findFirst()).contains("HTTP/1.1 200 OK");
      }
      try (Socket socket = server.socket()) {
        send(socket, head("Transfer-Encoding: chunked"));
        String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
        for (int sent = 0; sent <= most; sent += 0x10000) {
          send(socket, chunk);
        }
        send(socket, "0\r\n\r\n");
        assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 413 Request Entity Too Large");
      }
      String large = "{\"input\":\"a\",\"pad\":\"" + " ".repeat(most) + "\"}";
      assertThat(server.post(PATH, large).statusCode()).isEqualTo(413);
      assertServes(server);
    }
  }

  @Test
  void aPathThatIsNotEncodedIsRefused() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), TEXT);
        Socket socket = server.socket()) {
      send(socket, "GET /v1/models/%zz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 400 Bad Request");
    }
  }

  @Test
  void theWorkOfAClientThatIsGoneIsWithdrawn() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), TEXT)) {
      for (String lane : List.of("interactive", "bulk")) {
        long before = server.embedder.snapshot().cancelled();
        String body = work(64);
        try (Socket socket = server.socket()) {
          send(socket, head(length(body), "X-Priority: " + lane) + body);
          await(() -> server.embedder.snapshot().queuedRequests() > 32);
        }

        await(() -> isIdle(server));

        assertThat(server.embedder.snapshot().cancelled() - before).as(lane).isPositive();
      }
      await(() -> metrics(server).contains("status=\"client_gone\""));
      assertServes(server);
    }
  }

  private static String metrics(RunningServer server) {
    try {
      return server.get("/metrics").body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void drainingLetsRequestsEndAndTakesNoMore() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), TEXT)) {
      CompletableFuture<HttpResponse<String>> first = server.postAsync(PATH, work(30));
      await(() -> server.embedder.snapshot().requests() > 0);
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return server.server.drain();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      await(() -> statusOf(server, "/health/ready") == 503);

      HttpResponse<String> refused = server.post(PATH, SMALL);

      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      assertThat(refused.headers().firstValue("Connection")).contains("close");
      assertThat(statusOf(server, "/health/live")).isEqualTo(200);
      HttpResponse<String> answer = first.get();
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(json(answer).getAsJsonArray("data")).hasSize(30);
      assertThat(drained.get()).isTrue();
    }
  }

  private static int statusOf(RunningServer server, String path) {
    try {
      return server.get(path).statusCode();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void drainingEndsWhenItsTimeIsOver() throws Exception {
    CompletableFuture<HttpResponse<String>> request;
    try (RunningServer server =
        RunningServer.ofHashes(
            RunningServer.within(Duration.ofMinutes(1), 8, Duration.ofMillis(1)), TEXT)) {
      request = server.postAsync(PATH, work(64));
      await(() -> server.embedder.snapshot().requests() > 0);

      assertThat(server.server.drain()).isFalse();
    }
    assertThat(request.handle((response, failure) -> failure != null).get()).isTrue();
  }

  @Test
  void aThousandMalformedBodiesAndAbruptEndsLeaveItHealthy() throws Exception {
    Random random = new Random(20_261_124);
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), TEXT)) {
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        byte[] body = malformed(random);
        HttpResponse<String> response = server.post(random.nextBoolean() ? PATH : "/embed", body);
        assertThat(response.statusCode())
            .as("body %d: %s", i, response.body())
            .isIn(200, 400, 404, 422);
        statuses.add(response.statusCode());
        if (i % 10 == 0) {
          endAbruptly(server, random);
        }
      }
      assertThat(statuses).filteredOn(status -> status != 200).hasSizeGreaterThan(800);

      await(() -> isIdle(server));
      await(() -> metrics(server).contains("http_server_active_requests 0.0"));
      assertServes(server);
    }
  }

  /** A good body with some bytes changed, cut, doubled or put in. */
  private static byte[] malformed(Random random) {
    String[] good = {
      "{\"input\":\"how tides work\",\"model\":\"bge-small-en-v1.5\"}",
      "{\"input\":[\"a\",\"b\"],\"encoding_format\":\"base64\",\"dimensions\":384}",
      "{\"input\":[[101,2129,102],[7]],\"user\":{\"x\":[1,2.5e3,null,true]}}",
      "{\"inputs\":[\"\\u00e9\",\"日本語\"],\"truncate\":true,\"normalize\":true}"
    };
    byte[] body = good[random.nextInt(good.length)].getBytes(StandardCharsets.UTF_8);
    for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
      int at = random.nextInt(body.length);
      switch (random.nextInt(5)) {
        case 0 -> body[at] = (byte) random.nextInt(256);
        case 1 -> body = Arrays.copyOf(body, Math.max(1, at));
        case 2 -> body = insert(body, at, new byte[] {0});
        case 3 ->
            body =
                insert(
                    body,
                    at,
                    "[{\"".repeat(1 + random.nextInt(200)).getBytes(StandardCharsets.US_ASCII));
        default -> body = insert(body, at, "\\ud8".getBytes(StandardCharsets.US_ASCII));
      }
    }
    return body;
  }

  private static byte[] insert(byte[] body, int at, byte[] part) {
    byte[] all = new byte[body.length + part.length];
    System.arraycopy(body, 0, all, 0, at);
    System.arraycopy(part, 0, all, at, part.length);
    System.arraycopy(body, at, all, at + part.length, body.length - at);
    return all;
  }

  /** A connection that ends in the middle of something. */
  private static void endAbruptly(RunningServer server, Random random) throws IOException {
    String body = work(8);
    String whole = head(length(body)) + body;
    try (Socket socket = server.socket()) {
      if (random.nextBoolean()) {
        // A reset instead of an orderly end.
        socket.setSoLinger(true, 0);
      }
      switch (random.nextInt(3)) {
        case 0 -> send(socket, whole.substring(0, random.nextInt(whole.length())));
        case 1 -> send(socket, whole);
        default -> {
          byte[] noise = new byte[random.nextInt(300)];
          random.nextBytes(noise);
          socket.getOutputStream().write(noise);
        }
      }
    }
  }
}
