package io.github.neuronembed.cli.serve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OpenAI's {@code POST /v1/embeddings}. Beyond OpenAI's fields it knows {@code input_type}, which
 * is {@code query}, or {@code passage} or {@code document}; it ignores {@code user} and fields that
 * it does not know.
 */
final class OpenAiApi implements EmbeddingApi {

  /** The error's absent fields are null, as OpenAI has them. */
  private static final Gson GSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  private final ServedModel model;
  private final int maxTexts;

  OpenAiApi(ServedModel model, int maxTexts) {
    this.model = model;
    this.maxTexts = maxTexts;
  }

  private static final class Fields implements JsonBody.FieldReader {
    private final int maxTexts;
    private @Nullable Inputs input;
    private @Nullable String model;
    private @Nullable InputType type;
    private int dimensions;
    private boolean base64;

    Fields(int maxTexts) {
      this.maxTexts = maxTexts;
    }

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "input" -> input = body.inputs(maxTexts);
        case "model" -> model = body.word();
        case "encoding_format" -> base64 = isBase64(body.word());
        case "dimensions" -> dimensions = positive(body.integer());
        case "input_type" -> type = InputTypes.of(body.word(), name);
        default -> {
          return false;
        }
      }
      return true;
    }

    private static boolean isBase64(String format) {
      return switch (format) {
        case "float" -> false;
        case "base64" -> true;
        default ->
            throw HttpError.invalid(
                "encoding_format", "'encoding_format' is neither float nor base64.");
      };
    }

    private static int positive(int dimensions) {
      if (dimensions < 1) {
        throw HttpError.invalid("dimensions", "'dimensions' is not positive.");
      }
      return dimensions;
    }
  }

  @Override
  public EmbeddingCall read(ByteBuffer body) {
    Fields fields = new Fields(maxTexts);
    JsonBody.read(body, fields);
    if (fields.input == null) {
      throw HttpError.invalid("input", "'input' is missing: a string or a list of strings.");
    }
    if (fields.dimensions > 0) {
      model.requireDimension(fields.dimensions);
    }
    String name = model.require(fields.model);
    boolean base64 = fields.base64;
    return new EmbeddingCall(
        fields.input,
        fields.type,
        null,
        (vectors, tokens) -> answer(name, base64, vectors, tokens));
  }

  private static String answer(String model, boolean base64, List<float[]> vectors, long tokens) {
    StringBuilder out = VectorJson.builderFor(vectors.size(), vectors.get(0).length);
    out.append("{\"object\":\"list\",\"data\":[");
    for (int i = 0; i < vectors.size(); i++) {
      if (i > 0) {
        out.append(',');
      }
      out.append("{\"object\":\"embedding\",\"index\":").append(i).append(",\"embedding\":");
      if (base64) {
        out.append('"').append(base64(vectors.get(i))).append('"');
      } else {
        VectorJson.append(vectors.get(i), out);
      }
      out.append('}');
    }
    out.append("],\"model\":").append(new JsonPrimitive(model));
    out.append(",\"usage\":{\"prompt_tokens\":").append(tokens);
    return out.append(",\"total_tokens\":").append(tokens).append("}}").toString();
  }

  /** Little-endian floats, as OpenAI's clients read them. */
  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  @Override
  public String error(HttpError error) {
    JsonObject fields = new JsonObject();
    fields.addProperty("message", error.message());
    fields.addProperty("type", error.kind().openAiType);
    fields.add("param", orNull(error.param()));
    fields.add("code", orNull(error.code()));
    JsonObject body = new JsonObject();
    body.add("error", fields);
    return GSON.toJson(body);
  }

  private static JsonElement orNull(@Nullable String value) {
    return value == null ? JsonNull.INSTANCE : new JsonPrimitive(value);
  }
}
