package io.github.neuronembed.cli.serve;

import static io.github.neuronembed.cli.serve.RunningServer.await;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that disconnect, send slowly or do not read: they block no other client or memory. */
@Timeout(300)
class EmbeddingServerAbuseTest {

  private static final String PATH = "/v1/embeddings";
  private static final String SMALL = "{\"input\":\"a\"}";
  private static final int LARGE = 1000_000;
  private static final String LARGE_BODY =
      "{\"input\":\"a\",\"pad\":\"" + " ".repeat(LARGE - 22) + "\"}";

  private static String post(int length) {
    return "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + "Content-Length: "
        + length
        + "\r\n\r\n";
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  private static void assertServes(RunningServer server) throws Exception {
    assertThat(server.post(PATH, SMALL).statusCode()).isEqualTo(200);
  }

  private static void awaitNothingHeld(RunningServer server) throws InterruptedException {
    await(() -> server.server.bodies().taken() == 0 && server.server.answers().taken() == 0);
  }

  @Test
  void aBodyCountsUntilItIsGoneAndTheWorkOfTheDeadIsNotBegun() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      CountDownLatch free = new CountDownLatch(1);
      for (int i = 0; i < EmbeddingServer.WORKERS; i++) {
        server.server.workers().execute(() -> join(free));
      }
      for (int i = 0; i < 3; i++) {
        try (Socket socket = server.socket()) {
          send(socket, post(LARGE) + LARGE_BODY);
          long all = (i + 1L) * LARGE;
          await(() -> server.server.bodies().taken() >= all);
        }
      }
      await(() -> metrics(server).contains("status=\"client_gone\""));
      await(() -> metrics(server).contains("http_server_active_requests 0.0"));

      assertThat(server.server.bodies().taken()).isGreaterThanOrEqualTo(3L * LARGE);
      free.countDown();

      awaitNothingHeld(server);
      assertThat(server.embedder.snapshot().requests()).isZero();
      assertServes(server);
    }
  }

  private static void join(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
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
  void manyClientsThatPostAndLeaveKeepNobodyOut() throws Exception {
    try (RunningServer server = RunningServer.ofHashes(RunningServer.options(), Duration.ZERO)) {
      for (int i = 0; i < 100; i++) {
        try (Socket socket = server.socket()) {
          send(socket, post(LARGE) + LARGE_BODY);
        }
        if (i % 10 == 0) {
          assertServes(server);
        }
        assertThat(server.server.bodies().taken())
            .isLessThanOrEqualTo(RunningServer.options().maxBufferedBytes());
      }
      awaitNothingHeld(server);
    }
  }

  @Test
  void clientsThatTrickleKeepNobodyOut() throws Exception {
    ServerOptions options = RunningServer.limits().maxConnections(8).build();
    try (RunningServer server = RunningServer.ofHashes(options, Duration.ZERO)) {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        Socket socket = server.socket();
        sockets.add(socket);
        send(socket, i % 2 == 0 ? "P" : post(LARGE) + "{");
        if (i % 8 == 0) {
          assertServes(server);
        }
      }
      assertServes(server);
      // The oldest ones made room.
      assertThat(sockets.get(0).getInputStream().read()).isEqualTo(-1);
      for (Socket socket : sockets) {
        socket.close();
      }
      awaitNothingHeld(server);
    }
  }

  @Test
  void aHeadAndABodyThatDoNotComeEndTheConnection() throws Exception {
    ServerOptions options = RunningServer.limits().receiveTimeout(Duration.ofSeconds(1)).build();
    try (RunningServer server = RunningServer.ofHashes(options, Duration.ZERO);
        Socket head = server.socket();
        Socket body = server.socket()) {
      send(head, "POST /v1/emb");
      send(body, post(LARGE) + "{");

      assertThat(head.getInputStream().read()).isEqualTo(-1);
      assertThat(
              new BufferedReader(new InputStreamReader(body.getInputStream(), ISO_8859_1))
                  .readLine())
          .isEqualTo("HTTP/1.1 408 Request Timeout");
      assertServes(server);
    }
  }

  @Test
  void answersThatAreNotReadAreBounded() throws Exception {
    String body = "{\"input\":[" + "\"a\",".repeat(2047) + "\"a\"]}";
    ServerOptions options =
        RunningServer.limits().maxTexts(2048).maxBufferedBytes(40L << 20).build();
    try (RunningServer server = RunningServer.ofHashes(options, Duration.ZERO)) {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Socket socket = server.socket();
        socket.setReceiveBufferSize(4096);
        sockets.add(socket);
        send(socket, post(body.length()) + body);
      }
      await(() -> server.server.answers().taken() > 10_000_000);

      // Two answers fit into three quarters of the memory. Small requests are still served.
      await(() -> metrics(server).contains("status=\"429\""));
      for (int i = 0; i < 5; i++) {
        assertServes(server);
        assertThat(server.server.answers().taken()).isLessThanOrEqualTo(40L << 20);
      }
      for (Socket socket : sockets) {
        socket.close();
      }
      awaitNothingHeld(server);
    }
  }

  @Test
  void anAnswerThatCanNeverFitIsRefused() throws Exception {
    ServerOptions options = RunningServer.limits().maxBufferedBytes(200_000).build();
    try (RunningServer server = RunningServer.ofHashes(options, Duration.ZERO)) {
      String texts = "{\"input\":[" + "\"a\",".repeat(63) + "\"a\"]}";

      HttpResponse<String> response = server.post(PATH, texts);

      assertThat(response.statusCode()).isEqualTo(413);
      assertThat(response.body()).contains("send fewer texts");
      assertServes(server);
      awaitNothingHeld(server);
    }
  }

  @Test
  void whatIsNoNumberNeverLeaves() throws Exception {
    try (RunningServer server = RunningServer.ofNaNs()) {
      for (String[] request :
          new String[][] {
            {PATH, SMALL},
            {PATH, "{\"input\":\"a\",\"encoding_format\":\"base64\"}"},
            {"/embed", "{\"inputs\":\"a\"}"},
            {"/similarity", "{\"inputs\":{\"source_sentence\":\"a\",\"sentences\":[\"b\"]}}"}
          }) {
        assertThat(server.post(request[0], request[1]).statusCode())
            .as(request[1])
            .isGreaterThanOrEqualTo(424);
      }
    }
  }

  @Test
  void clientsThatLeaveWhileTheyAreServedLeaveNothingBehind() throws Exception {
    try (RunningServer server =
        RunningServer.ofHashes(RunningServer.options(), Duration.ofMillis(20))) {
      List<CompletableFuture<HttpResponse<String>>> requests = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        requests.add(server.postAsync(PATH, "{\"input\":" + RunningServer.longTexts(16) + "}"));
      }
      await(() -> server.embedder.snapshot().requests() > 0);
      requests.forEach(request -> request.cancel(true));

      awaitNothingHeld(server);
      assertServes(server);
    }
  }
}
