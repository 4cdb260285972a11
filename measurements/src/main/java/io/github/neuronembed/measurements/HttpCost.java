package io.github.neuronembed.measurements;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.backend.Shape;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Measures the time that HTTP adds to a call. It embeds the same text in turns by {@link
 * TextEmbedder} in this process and by a server in another process, one call at a time over one
 * connection. <em>Emulated</em>: the emulator's models take no time, so only the host's time
 * remains.
 *
 * <p>Arguments: calls per round, rounds.
 */
public final class HttpCost {

  private static final String TEXT =
      "The moon pulls the water of the oceans, and the turning earth carries the bulge around.";

  private HttpCost() {}

  /** Runs the measurement. */
  public static void main(String[] arguments) throws IOException {
    int calls = Integer.parseInt(arguments[0]);
    int rounds = Integer.parseInt(arguments[1]);
    PrintStream out = System.out;
    try (EmulatedServer server =
        EmulatedServer.start(
            List.of(new Shape(1, 64), new Shape(4, 64)), new JsonObject(), List.of())) {
      try (TextEmbedder embedder =
              TextEmbedder.builder().model(server.model()).backend(BackendChoice.EMULATOR).build();
          Connection connection = new Connection(server.address())) {
        out.println("emulated; models that take no time; microseconds");
        double[][] medians = new double[3][rounds];
        for (int round = -1; round < rounds; round++) {
          double direct = median(calls, () -> embedder.embedPassage(TEXT));
          double numbers = median(calls, () -> connection.call("float"));
          double base64 = median(calls, () -> connection.call("base64"));
          if (round < 0) {
            // The first round is a warm-up for the JIT compilers.
            continue;
          }
          medians[0][round] = direct;
          medians[1][round] = numbers;
          medians[2][round] = base64;
        }
        double direct = middle(medians[0]);
        for (int kind = 0; kind < 3; kind++) {
          double p50 = middle(medians[kind]);
          out.printf(
              Locale.ROOT,
              "%-22s p50 %7.1f  added %7.1f  (rounds %s)%n",
              List.of("TextEmbedder", "HTTP, numbers", "HTTP, base64").get(kind),
              p50,
              p50 - direct,
              Arrays.stream(medians[kind])
                  .mapToObj(m -> String.format(Locale.ROOT, "%.0f", m))
                  .toList());
        }
      }
    }
  }

  /** One call. */
  private interface Call {
    void make() throws IOException;
  }

  private static double median(int calls, Call call) throws IOException {
    double[] micros = new double[calls];
    for (int i = 0; i < calls; i++) {
      long start = System.nanoTime();
      call.make();
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    return middle(micros);
  }

  private static double middle(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** A minimal HTTP client on one kept connection, so that the client costs little time. */
  private static final class Connection implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    Connection(URI address) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream());
    }

    void call(String format) throws IOException {
      String body = "{\"input\":\"%s\",\"encoding_format\":\"%s\"}".formatted(TEXT, format);
      String head =
          """
          POST /v1/embeddings HTTP/1.1
          Host: localhost
          Content-Type: application/json
          Content-Length: %s

          """
              .formatted(body.length())
              .replace("\n", "\r\n");
      socket.getOutputStream().write((head + body).getBytes(UTF_8));
      if (!line().equals("HTTP/1.1 200 OK")) {
        throw new IOException("The server did not answer with 200.");
      }
      int length = 0;
      for (String line = line(); !line.isEmpty(); line = line()) {
        if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      if (in.readNBytes(length).length < length) {
        throw new EOFException();
      }
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new EOFException();
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
