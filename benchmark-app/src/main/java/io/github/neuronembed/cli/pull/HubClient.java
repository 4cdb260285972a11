package io.github.neuronembed.cli.pull;

import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/** What a hub is asked: the list of a repository's files, a file's checksum, a file. */
final class HubClient implements AutoCloseable {

  private static final int MAX_LISTING_BYTES = 32 << 20;

  private final HubSettings settings;
  private final HubConnection connection;
  private final Retries retries;

  /**
   * @param pause takes the pause before another try and returns the one to make; identity but in
   *     tests
   * @param timeout how long to wait for an answer, and for the next bytes of one
   */
  HubClient(HubSettings settings, UnaryOperator<Duration> pause, Duration timeout) {
    this.settings = settings;
    this.connection = new HubConnection(settings, timeout);
    this.retries = new Retries(pause);
  }

  /**
   * What a repository holds, its revision resolved to a commit.
   *
   * @throws HubException if it cannot be read
   */
  Listing list(Repository repository) throws IOException, InterruptedException {
    URI uri = connection.uri(repository.apiPath());
    String what = "The list of %s's files".formatted(repository);
    byte[] json;
    try {
      json = retries.first(() -> listing(uri, repository, what));
    } catch (TransferException e) {
      throw failed(what, e);
    }
    try {
      return Listing.parse(json);
    } catch (JsonParseException e) {
      throw new HubException(
          "%s does not answer as a Hugging Face hub does (%s): check HF_ENDPOINT."
              .formatted(uri, TransferException.firstLine(e)),
          e);
    }
  }

  private byte[] listing(URI uri, Repository repository, String what)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        connection.get(uri, new Asked(repository, null), List.of());
    byte[] bytes;
    try (InputStream body = connection.body(response)) {
      bytes = body.readNBytes(MAX_LISTING_BYTES);
    } catch (IOException e) {
      throw TransferException.broken("it broke off: %s".formatted(TransferException.reason(e)), e);
    }
    if (bytes.length == MAX_LISTING_BYTES) {
      throw new HubException("%s is too long to be one.".formatted(what));
    }
    return bytes;
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
    URI uri = connection.uri(repository.filePath(commit, file.path()));
    Asked asked = new Asked(repository, file.path());
    HttpHeaders headers;
    try {
      headers = retries.further(() -> connection.head(uri, asked).headers());
    } catch (TransferException e) {
      throw failed("The checksum of %s".formatted(file.path()), e);
    }
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
   * Downloads a file, or the missing part of it.
   *
   * @param part the target; existing content counts as the file's beginning. It is complete and
   *     verified when this returns; else the download can be continued
   * @param arrived receives the number of bytes so far
   * @throws HubException if it cannot be read
   */
  void download(
      Repository repository, String commit, RemoteFile file, Path part, LongConsumer arrived)
      throws IOException, InterruptedException {
    Download download =
        new Download(
            connection,
            connection.uri(repository.filePath(commit, file.path())),
            new Asked(repository, file.path()),
            file,
            part,
            arrived);
    try {
      retries.further(
          () -> {
            download.receive();
            return file;
          });
    } catch (TransferException e) {
      throw failed("%s of %s".formatted(file.path(), repository), e);
    }
  }

  private HubException failed(String what, TransferException failure) {
    return failure.isUnreachable()
        ? new HubException(
            ("%s cannot be reached (%s): check the network, HF_ENDPOINT or the proxy"
                    + " (HTTPS_PROXY, HTTP_PROXY, NO_PROXY); HF_HUB_OFFLINE=1 uses the hub's"
                    + " cache only.")
                .formatted(settings.endpoint(), failure.getMessage()),
            failure)
        : new HubException(
            "%s could not be downloaded in %s tries (%s): run it again; received data is kept."
                .formatted(what, Retries.TRIES, failure.getMessage()),
            failure);
  }

  @Override
  public void close() {
    connection.close();
  }
}
