package io.github.neuronembed.measurements;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.gson.JsonObject;
import io.github.neuronembed.backend.Shape;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Runs the HTTP server on a heap of 256 MiB with clients that misuse it, and one normal client.
 * Some clients post 8 MiB and disconnect. Some send a byte every half a second. Some read large
 * answers at a kilobyte a second. Their number and time are limited, and all traffic stays on the
 * loopback interface. <em>Emulated</em>, with models that take no time.
 *
 * <p>Arguments: the number of clients that disconnect, the number of connections that send slowly,
 * and the seconds of slow reading.
 */
public final class ServerAbuse {

  private static final int LARGE = 8 * 1024 * 1024;
  private static final int TEXTS = 2048;
  private static final int READERS = 16;
  private static final Duration MOST = Duration.ofMinutes(10);

  private final EmulatedServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  private ServerAbuse(EmulatedServer server) {
    this.server = server;
  }

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    try (EmulatedServer server =
        EmulatedServer.start(List.of(new Shape(4, 64)), new JsonObject(), List.of())) {
      ServerAbuse abuse = new ServerAbuse(server);
      abuse.embed();
      System.out.println(
          "emulated; heap of 256 MiB; before and after: MiB in use after a collection");
      System.out.printf(
          "%-22s | %8s %6s | %8s %8s | %8s %8s %8s%n",
          "clients", "served", "other", "p50 ms", "p99 ms", "before", "most", "after");
      int leaving = Integer.parseInt(arguments[0]);
      abuse.measure(leaving + " that leave", () -> abuse.leave(leaving));
      int trickling = Integer.parseInt(arguments[1]);
      abuse.measure(trickling + " that trickle", () -> abuse.trickle(trickling));
      int seconds = Integer.parseInt(arguments[2]);
      abuse.measure(READERS + " that read slowly", () -> abuse.readSlowly(seconds));
    }
  }

  private interface Abuse {
    void run() throws IOException, InterruptedException;
  }

  /** Runs the misuse while a normal client calls the server. */
  private void measure(String name, Abuse abuse) throws IOException, InterruptedException {
    server.collectGarbage();
    double before = heap();
    double[] most = {before};
    Histogram served = new ConcurrentHistogram(3);
    AtomicInteger other = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    Thread good =
        new Thread(
            () -> {
              while (!over.get()) {
                long start = System.nanoTime();
                try {
                  if (embed() == 200) {
                    served.recordValue((System.nanoTime() - start) / 1000);
                  } else {
                    other.incrementAndGet();
                  }
                  most[0] = Math.max(most[0], heap());
                  Thread.sleep(20);
                } catch (IOException e) {
                  other.incrementAndGet();
                } catch (InterruptedException e) {
                  return;
                }
              }
            });
    good.start();
    abuse.run();
    over.set(true);
    good.join();
    server.collectGarbage();
    double after = heap();
    System.out.printf(
        Locale.ROOT,
        "%-22s | %8d %6d | %8.1f %8.1f | %8.0f %8.0f %8.0f%n",
        name,
        served.getTotalCount(),
        other.get(),
        served.getValueAtPercentile(50) / 1e3,
        served.getValueAtPercentile(99) / 1e3,
        before,
        most[0],
        after);
  }

  private int embed() throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(server.address().resolve("/v1/embeddings"))
                .timeout(Duration.ofMinutes(1))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"input\":\"the tide\"}"))
                .build(),
            BodyHandlers.ofByteArray())
        .statusCode();
  }

  /** Mebibytes of the server's heap in use, from its metrics. */
  private double heap() throws IOException, InterruptedException {
    URI metrics = server.address().resolve("/metrics");
    String text =
        client.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString()).body();
    return text.lines()
            .filter(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\""))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .sum()
        / 1048576;
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.address().getPort()));
    return socket;
  }

  private static byte[] head(int length) {
    return ("POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + length
            + "\r\n\r\n")
        .getBytes(ISO_8859_1);
  }

  private void leave(int clients) throws InterruptedException {
    byte[] body =
        ("{\"input\":\"a\",\"pad\":\"" + " ".repeat(LARGE - 22) + "\"}").getBytes(ISO_8859_1);
    ExecutorService pool = Executors.newFixedThreadPool(32);
    for (int i = 0; i < clients; i++) {
      pool.execute(
          () -> {
            try (Socket socket = connect()) {
              socket.getOutputStream().write(head(LARGE));
              socket.getOutputStream().write(body);
            } catch (IOException e) {
              // The server may refuse the request and close the connection during the transfer.
            }
          });
    }
    pool.shutdown();
    if (!pool.awaitTermination(MOST.toSeconds(), TimeUnit.SECONDS)) {
      pool.shutdownNow();
    }
  }

  private void trickle(int connections) throws IOException, InterruptedException {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < connections; i++) {
        Socket socket = connect();
        sockets.add(socket);
        socket.getOutputStream().write(i % 2 == 0 ? new byte[] {'P'} : head(LARGE));
      }
      for (int i = 0; i < 10; i++) {
        for (Socket socket : sockets) {
          try {
            socket.getOutputStream().write('x');
          } catch (IOException e) {
            // The server may close a slow connection.
          }
        }
        Thread.sleep(500);
      }
    } finally {
      close(sockets);
    }
  }

  private void readSlowly(int seconds) throws IOException, InterruptedException {
    byte[] body = ("{\"input\":[" + "\"a\",".repeat(TEXTS - 1) + "\"a\"]}").getBytes(ISO_8859_1);
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < READERS; i++) {
        Socket socket = connect();
        sockets.add(socket);
        socket.getOutputStream().write(head(body.length));
        socket.getOutputStream().write(body);
      }
      byte[] kilobyte = new byte[1024];
      for (int i = 0; i < seconds; i++) {
        for (Socket socket : sockets) {
          if (socket.getInputStream().available() > 0) {
            int unused = socket.getInputStream().read(kilobyte);
          }
        }
        Thread.sleep(1000);
      }
    } finally {
      close(sockets);
    }
  }

  private static void close(List<? extends Closeable> all) throws IOException {
    for (Closeable one : all) {
      one.close();
    }
  }
}
