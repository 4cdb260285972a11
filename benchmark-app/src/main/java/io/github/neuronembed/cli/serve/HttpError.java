package io.github.neuronembed.cli.serve;

import io.github.neuronembed.DeadlineExceededException;
import io.github.neuronembed.DeviceFailureException;
import io.github.neuronembed.EngineOverloadedException;
import io.github.neuronembed.InferenceException;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The error that a client receives in place of a result. The message never contains a text of the
 * request. The exception has no stack trace: the server logs its own failures separately.
 */
final class HttpError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Kinds of errors. */
  enum Kind {
    INVALID(400),
    /** A list that must not be empty is empty. */
    EMPTY(400),
    UNAUTHORIZED(401),
    NOT_FOUND(404),
    METHOD_NOT_ALLOWED(405),
    BODY_TIMEOUT(408),
    TOO_LARGE(413),
    MEDIA_TYPE(415),
    OVERLOADED(429),
    FAILED(500),
    UNAVAILABLE(503),
    TIMEOUT(504);

    /** The status, unless an API uses another one. */
    final int status;

    Kind(int status) {
      this.status = status;
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

  /** A field of the request is empty. */
  static HttpError empty(String param) {
    return new HttpError(Kind.EMPTY, "'%s' is empty.".formatted(param), param, null, null);
  }

  /** The same error with a code for programs. */
  HttpError withCode(String word) {
    return new HttpError(kind, message(), param, word, retryAfter);
  }

  /** The same error with the time after which a new attempt may succeed. */
  HttpError retryAfter(Duration time) {
    return new HttpError(kind, message(), param, code, time);
  }

  /** The error to send to the client for a failure of the embedder or of the server. */
  static HttpError of(Throwable failure) {
    Throwable cause = causeOf(failure);
    if (cause instanceof HttpError error) {
      return error;
    }
    if (cause instanceof EngineOverloadedException overload) {
      return new HttpError(Kind.OVERLOADED, String.valueOf(overload.getMessage()))
          .withCode("engine_overloaded")
          .retryAfter(overload.retryAfter());
    }
    if (cause instanceof DeadlineExceededException) {
      return new HttpError(Kind.TIMEOUT, "The request was not served in time.");
    }
    if (cause instanceof DeviceFailureException || cause instanceof IllegalStateException) {
      return new HttpError(Kind.UNAVAILABLE, String.valueOf(cause.getMessage()));
    }
    if (cause instanceof InferenceException) {
      return new HttpError(Kind.FAILED, String.valueOf(cause.getMessage()));
    }
    return new HttpError(
        Kind.FAILED, "The request failed unexpectedly; the server's log states the reason.");
  }

  /** Whether a failure is the server's own, so that the server must log it. */
  static boolean isOurs(Throwable failure) {
    Throwable cause = causeOf(failure);
    return !(cause instanceof HttpError
        || cause instanceof EngineOverloadedException
        || cause instanceof DeadlineExceededException);
  }

  private static Throwable causeOf(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
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

  /** A code for programs. */
  @Nullable String code() {
    return code;
  }

  /** The time after which a new attempt may succeed. */
  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** Adds the headers that the error needs to an answer. */
  void describe(HttpServerResponse response) {
    if (retryAfter != null) {
      long millis = Math.max(1, retryAfter.toMillis());
      response.putHeader("Retry-After", Long.toString((millis + 999) / 1000));
      // OpenAI's clients read this header, which is more precise.
      response.putHeader("Retry-After-Ms", Long.toString(millis));
    }
    if (kind == Kind.UNAUTHORIZED) {
      response.putHeader("WWW-Authenticate", "Bearer");
    }
  }
}
