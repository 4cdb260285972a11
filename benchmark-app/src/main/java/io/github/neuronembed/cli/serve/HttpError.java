package io.github.neuronembed.cli.serve;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a request gets no vectors, as its client is told. The message never has a text of the request
 * in it. Not logged, so it has no stack.
 */
final class HttpError extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(HttpError.class);

  /** Kinds of errors, by the words of both APIs. */
  enum Kind {
    INVALID(400, "invalid_request_error", "Validation"),
    UNAUTHORIZED(401, "invalid_request_error", "Unauthorized"),
    NOT_FOUND(404, "invalid_request_error", "NotFound"),
    METHOD_NOT_ALLOWED(405, "invalid_request_error", "Validation"),
    BODY_TIMEOUT(408, "invalid_request_error", "Timeout"),
    TOO_LARGE(413, "invalid_request_error", "Validation"),
    MEDIA_TYPE(415, "invalid_request_error", "Validation"),
    OVERLOADED(429, "rate_limit_error", "Overloaded"),
    FAILED(500, "server_error", "Backend"),
    UNAVAILABLE(503, "server_error", "Unhealthy"),
    TIMEOUT(504, "server_error", "Timeout");

    final int status;
    final String openAiType;
    final String inferenceType;

    Kind(int status, String openAiType, String inferenceType) {
      this.status = status;
      this.openAiType = openAiType;
      this.inferenceType = inferenceType;
    }
  }

  private final Kind kind;
  private final @Nullable String param;
  private final @Nullable String code;
  private final @Nullable Duration retryAfter;

  private HttpError(
      Kind kind,
      String message,
      @Nullable String param,
      @Nullable String code,
      @Nullable Duration retryAfter) {
    super(message, null, false, false);
    this.kind = kind;
    this.param = param;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  HttpError(Kind kind, String message) {
    this(kind, message, null, null, null);
  }

  /** A field of the request is wrong. */
  static HttpError invalid(@Nullable String param, String message) {
    return new HttpError(Kind.INVALID, message, param, null, null);
  }

  /** The same with a word for programs. */
  HttpError withCode(String word) {
    return new HttpError(kind, message(), param, word, retryAfter);
  }

  /** The same with a hint when another try may succeed. */
  HttpError retryAfter(Duration time) {
    return new HttpError(kind, message(), param, code, time);
  }

  /** What to tell the client of a failure of the embedder or of ours. */
  static HttpError of(Throwable failure) {
    if (failure instanceof CompletionException && failure.getCause() != null) {
      return of(failure.getCause());
    }
    if (failure instanceof HttpError error) {
      return error;
    }
    if (failure instanceof EngineOverloadedException overload) {
      return new HttpError(Kind.OVERLOADED, String.valueOf(overload.getMessage()))
          .withCode("engine_overloaded")
          .retryAfter(overload.retryAfter());
    }
    if (failure instanceof DeadlineExceededException) {
      return new HttpError(Kind.TIMEOUT, "The request was not served in time.");
    }
    if (failure instanceof DeviceFailureException || failure instanceof IllegalStateException) {
      LOG.error("A request cannot be served.", failure);
      return new HttpError(Kind.UNAVAILABLE, String.valueOf(failure.getMessage()));
    }
    if (failure instanceof InferenceException) {
      LOG.error("A request failed.", failure);
      return new HttpError(Kind.FAILED, String.valueOf(failure.getMessage()));
    }
    LOG.error("A request failed unexpectedly.", failure);
    return new HttpError(Kind.FAILED, "The request failed unexpectedly; the server's log has why.");
  }

  Kind kind() {
    return kind;
  }

  String message() {
    return String.valueOf(getMessage());
  }

  /** The field of the request that is wrong. */
  @Nullable String param() {
    return param;
  }

  /** A word for programs. */
  @Nullable String code() {
    return code;
  }

  /** When another try may succeed. */
  @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
