package io.github.neuronembed.cli.serve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import org.jspecify.annotations.Nullable;

/** How an API reports an error to its clients. */
enum ErrorFormat {
  /** OpenAI's: an object with a message, a type and, if there are any, the field and a code. */
  OPENAI {
    @Override
    int status(HttpError error) {
      return error.kind().status;
    }

    @Override
    String body(HttpError error) {
      JsonObject fields = new JsonObject();
      fields.addProperty("message", error.message());
      fields.addProperty("type", type(error.kind()));
      fields.add("param", orNull(error.param()));
      fields.add("code", orNull(error.code()));
      JsonObject body = new JsonObject();
      body.add("error", fields);
      return WITH_NULLS.toJson(body);
    }

    private String type(HttpError.Kind kind) {
      return switch (kind) {
        case OVERLOADED -> "rate_limit_error";
        case FAILED, UNAVAILABLE, TIMEOUT -> "server_error";
        default -> "invalid_request_error";
      };
    }
  },

  /**
   * text-embeddings-inference's, with its statuses (router/src/http/server.rs at 0d124dc): 422 for
   * an invalid request, 424 for a failure.
   */
  INFERENCE {
    @Override
    int status(HttpError error) {
      return switch (error.kind()) {
        case INVALID -> 422;
        case FAILED -> 424;
        default -> error.kind().status;
      };
    }

    @Override
    String body(HttpError error) {
      JsonObject body = new JsonObject();
      body.addProperty("error", error.message());
      body.addProperty("error_type", type(error.kind()));
      return body.toString();
    }

    private String type(HttpError.Kind kind) {
      return switch (kind) {
        case EMPTY -> "Empty";
        case OVERLOADED -> "Overloaded";
        case FAILED, TIMEOUT -> "Backend";
        case UNAVAILABLE -> "Unhealthy";
        default -> "Validation";
      };
    }
  };

  /** The error's absent fields are null, as OpenAI has them. */
  private static final Gson WITH_NULLS =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  /** The answer's status. */
  abstract int status(HttpError error);

  /** The answer's body, in JSON. */
  abstract String body(HttpError error);

  private static JsonElement orNull(@Nullable String value) {
    return value == null ? JsonNull.INSTANCE : new JsonPrimitive(value);
  }
}
