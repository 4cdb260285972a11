package io.github.neuronembed.cli.pull;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP proxy on loopback that keeps what it was asked; it opens no tunnels. */
final class StandInProxy implements AutoCloseable {

  /** The first line and the headers of each request. */
  final List<List<String>> seen = Collections.synchronizedList(new ArrayList<>());

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  StandInProxy() throws IOException {
    threads.execute(
        () -> {
          while (true) {
            try {
              Socket client = server.accept();
              threads.execute(() -> serve(client));
            } catch (IOException e) {
              // It was closed.
              return;
            }
          }
        });
  }

  String address() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  private void serve(Socket accepted) {
    try (Socket client = accepted) {
      List<String> head = head(new BufferedInputStream(client.getInputStream()));
      seen.add(head);
      String[] request = head.get(0).split(" ", -1);
      if (request[0].equals("CONNECT")) {
        client
            .getOutputStream()
            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1));
        return;
      }
      URI uri = URI.create(request[1]);
      try (Socket target = new Socket(uri.getHost(), uri.getPort())) {
        target.getOutputStream().write(forwarded(request[0], uri, head).getBytes(ISO_8859_1));
        target.getInputStream().transferTo(client.getOutputStream());
      }
    } catch (IOException e) {
      // The client sees that its connection ended.
    }
  }

  private static List<String> head(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (c != '\n') {
        line.append((char) c);
      } else if (line.toString().isBlank()) {
        break;
      } else {
        lines.add(line.toString().strip());
        line.setLength(0);
      }
    }
    return lines;
  }

  private static String forwarded(String method, URI uri, List<String> head) {
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    StringBuilder request =
        new StringBuilder("%s %s%s HTTP/1.1\r\n".formatted(method, uri.getRawPath(), query));
    for (String header : head.subList(1, head.size())) {
      String name = header.toLowerCase(Locale.ROOT);
      if (!name.startsWith("proxy-") && !name.startsWith("connection:")) {
        request.append(header).append("\r\n");
      }
    }
    return request.append("Connection: close\r\n\r\n").toString();
  }

  @Override
  public void close() throws IOException {
    server.close();
    threads.shutdownNow();
  }
}
