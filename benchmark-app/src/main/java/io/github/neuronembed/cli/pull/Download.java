package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Downloads one file, or the missing part of it, with retries. */
final class Download {

  private static final int BUFFER_BYTES = 1 << 16;

  private final HubConnection connection;
  private final URI uri;
  private final Asked asked;
  private final RemoteFile file;
  private final Path part;
  private final LongConsumer arrived;

  /** What If-Range compares: the strong entity tag of the answer that brought the bytes so far. */
  private @Nullable String etag;

  /**
   * @param part where to; what it holds already is taken for the file's beginning
   * @param arrived receives the number of bytes so far
   */
  Download(
      HubConnection connection,
      URI uri,
      Asked asked,
      RemoteFile file,
      Path part,
      LongConsumer arrived) {
    this.connection = connection;
    this.uri = uri;
    this.asked = asked;
    this.file = file;
    this.part = part;
    this.arrived = arrived;
  }

  /**
   * One try. The part is whole and verified when this returns.
   *
   * @throws TransferException if another try may go on, with the bytes that have arrived
   */
  void receive() throws IOException, InterruptedException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    if (have > file.size()) {
      Files.delete(part);
      have = 0;
    }
    arrived.accept(have);
    if (have < file.size()) {
      receiveFrom(have);
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
          "the received bytes are not those that the repository states (checksum %s)"
              .formatted(file.checksum()));
    }
  }

  private void receiveFrom(long have) throws IOException, InterruptedException {
    List<String> headers = new ArrayList<>();
    if (have > 0) {
      headers.addAll(List.of("Range", "bytes=" + have + "-"));
      if (etag != null) {
        headers.addAll(List.of("If-Range", etag));
      }
    }
    HttpResponse<InputStream> response = connection.get(uri, asked, headers);
    try (InputStream body = connection.body(response)) {
      boolean continued = continues(response, have);
      if (!continued && response.statusCode() != 200) {
        Files.deleteIfExists(part);
        throw TransferException.broken("the server sent another part than requested");
      }
      etag = strongEtag(response);
      append(body, continued ? have : 0);
    } catch (TransferException e) {
      throw e;
    } catch (ConnectionBroken e) {
      throw TransferException.broken(
          "it broke off after %s of %s bytes: %s"
              .formatted(Files.size(part), file.size(), TransferException.reason(e.broken)),
          e.broken);
    }
  }

  private static boolean continues(HttpResponse<?> response, long have) {
    return response.statusCode() == 206
        && response
            .headers()
            .firstValue("Content-Range")
            .map(range -> range.startsWith("bytes " + have + "-"))
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
  private void append(InputStream body, long from) throws IOException, ConnectionBroken {
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(from);
      out.position(from);
      byte[] buffer = new byte[BUFFER_BYTES];
      while (out.position() <= file.size()) {
        int n;
        try {
          n = body.read(buffer, 0, (int) Math.min(buffer.length, file.size() + 1 - out.position()));
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
      // A file with its final name has the verified content, even after a power failure.
      out.force(true);
    }
  }
}
