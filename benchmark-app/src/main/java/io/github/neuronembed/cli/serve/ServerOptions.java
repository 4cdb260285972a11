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
 * @param token the token that clients must send; null if everybody may send requests
 * @param corsOrigins origins of web pages that may use the server from a browser; {@code *} for
 *     every one
 * @param modelAliases other names that a request may use for the model
 * @param truncation how a long text is truncated if the request does not say
 * @param textsOnly whether token ids are refused
 * @param ranges of the elements of int8 vectors; null to refuse int8 vectors
 * @param maxBodyBytes most bytes of a request's body
 * @param maxBufferedBytes most bytes of all bodies held at a time, and the same limit for all
 *     answers
 * @param maxTexts most texts of a request
 * @param maxRequests most requests in flight
 * @param maxConnections most connections
 * @param receiveTimeout how long the head of a connection's first request may take, and how long a
 *     body
 * @param requestTimeout how long a request may take, from its head to the start of its answer, and
 *     how long its client may take to read the answer
 * @param drainTimeout how long requests in flight may continue after the server receives a signal
 *     to end
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

  /** Starts with the defaults of {@code serve}, on a free port of this machine. */
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
