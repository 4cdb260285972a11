package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.vectors.Int8Ranges;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a server serves.
 *
 * @param host the address to listen on
 * @param port the port, 0 for a free one
 * @param token what clients prove themselves with; null if everybody may ask
 * @param corsOrigins web pages that may ask from a browser, {@code *} for every one
 * @param modelAliases names that a request may give the model beside its own
 * @param truncation what happens to a long text when the request does not say
 * @param textsOnly whether token ids are refused
 * @param ranges of the elements of int8 vectors; null to refuse those
 * @param maxBodyBytes most bytes of a request's body
 * @param maxBufferedBytes most bytes of all the bodies that are held at a time, and as many of all
 *     the answers
 * @param maxTexts most texts of a request
 * @param maxRequests most requests under way
 * @param maxConnections most connections
 * @param receiveTimeout how long the head of a connection's first request may take, and how long a
 *     body
 * @param requestTimeout how long a request may take, from its head to the begin of its answer, and
 *     how long its client may take to read that
 * @param drainTimeout how long requests under way may go on when the server is told to end
 */
record ServerOptions(
    String host,
    int port,
    @Nullable BearerToken token,
    Set<String> corsOrigins,
    Set<String> modelAliases,
    TruncationPolicy truncation,
    boolean textsOnly,
    @Nullable Int8Ranges ranges,
    int maxBodyBytes,
    long maxBufferedBytes,
    int maxTexts,
    int maxRequests,
    int maxConnections,
    Duration receiveTimeout,
    Duration requestTimeout,
    Duration drainTimeout) {

  ServerOptions {
    corsOrigins = Set.copyOf(corsOrigins);
    modelAliases = Set.copyOf(modelAliases);
  }

  /** Starts with what {@code serve} does without options, on a free port of this machine. */
  static Builder builder() {
    return new Builder();
  }

  /** Collects the options. Not thread-safe. */
  static final class Builder {
    private String host = "127.0.0.1";
    private int port;
    private @Nullable BearerToken token;
    private Set<String> corsOrigins = Set.of();
    private Set<String> modelAliases = Set.of();
    private TruncationPolicy truncation = TruncationPolicy.TRUNCATE;
    private boolean textsOnly;
    private @Nullable Int8Ranges ranges;
    private int maxBodyBytes = 8 * 1024 * 1024;
    private long maxBufferedBytes = Runtime.getRuntime().maxMemory() / 8;
    private int maxTexts = 2048;
    private int maxRequests = 512;
    private int maxConnections = 1024;
    private Duration receiveTimeout = Duration.ofSeconds(30);
    private Duration requestTimeout = Duration.ofSeconds(60);
    private Duration drainTimeout = Duration.ofSeconds(25);

    private Builder() {}

    Builder host(String address) {
      this.host = address;
      return this;
    }

    Builder port(int number) {
      this.port = number;
      return this;
    }

    Builder token(@Nullable BearerToken secret) {
      this.token = secret;
      return this;
    }

    Builder corsOrigins(Set<String> origins) {
      this.corsOrigins = origins;
      return this;
    }

    Builder modelAliases(Set<String> names) {
      this.modelAliases = names;
      return this;
    }

    Builder truncation(TruncationPolicy policy) {
      this.truncation = policy;
      return this;
    }

    Builder textsOnly(boolean only) {
      this.textsOnly = only;
      return this;
    }

    Builder ranges(@Nullable Int8Ranges ofElements) {
      this.ranges = ofElements;
      return this;
    }

    Builder maxBodyBytes(int bytes) {
      this.maxBodyBytes = bytes;
      return this;
    }

    Builder maxBufferedBytes(long bytes) {
      this.maxBufferedBytes = bytes;
      return this;
    }

    Builder maxTexts(int count) {
      this.maxTexts = count;
      return this;
    }

    Builder maxRequests(int count) {
      this.maxRequests = count;
      return this;
    }

    Builder maxConnections(int count) {
      this.maxConnections = count;
      return this;
    }

    Builder receiveTimeout(Duration time) {
      this.receiveTimeout = time;
      return this;
    }

    Builder requestTimeout(Duration time) {
      this.requestTimeout = time;
      return this;
    }

    Builder drainTimeout(Duration time) {
      this.drainTimeout = time;
      return this;
    }

    ServerOptions build() {
      return new ServerOptions(
          host,
          port,
          token,
          corsOrigins,
          modelAliases,
          truncation,
          textsOnly,
          ranges,
          maxBodyBytes,
          maxBufferedBytes,
          maxTexts,
          maxRequests,
          maxConnections,
          receiveTimeout,
          requestTimeout,
          drainTimeout);
    }
  }
}
