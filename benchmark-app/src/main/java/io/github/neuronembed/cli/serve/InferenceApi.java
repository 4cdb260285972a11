package io.github.neuronembed.cli.serve;

import com.google.gson.JsonObject;
import io.github.neuronembed.InputType;
import io.github.neuronembed.TruncationPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * text-embeddings-inference's {@code POST /embed}. {@code prompt_name} is {@code query}, or {@code
 * passage} or {@code document}; vectors are normalised unless {@code normalize} is false.
 */
final class InferenceApi implements EmbeddingApi {

  private final ServedModel model;
  private final int maxTexts;

  InferenceApi(ServedModel model, int maxTexts) {
    this.model = model;
    this.maxTexts = maxTexts;
  }

  private static final class Fields implements JsonBody.FieldReader {
    private final int maxTexts;
    private @Nullable Inputs inputs;
    private @Nullable InputType type;
    private @Nullable TruncationPolicy truncation;
    private boolean normalize = true;
    private int dimensions;

    Fields(int maxTexts) {
      this.maxTexts = maxTexts;
    }

    @Override
    public boolean read(String name, JsonBody body) throws IOException {
      switch (name) {
        case "inputs" -> inputs = body.inputs(maxTexts);
        case "truncate" ->
            truncation = body.flag() ? TruncationPolicy.TRUNCATE : TruncationPolicy.STRICT;
        case "normalize" -> normalize = body.flag();
        case "prompt_name" -> type = InputTypes.of(body.word(), name);
        case "dimensions" -> dimensions = body.integer();
        case "truncation_direction" -> requireRight(body.word());
        default -> {
          return false;
        }
      }
      return true;
    }

    private static void requireRight(String direction) {
      if (!direction.equalsIgnoreCase("right")) {
        throw HttpError.invalid(
            "truncation_direction", "Texts are cut at their end: 'truncation_direction' is Right.");
      }
    }
  }

  @Override
  public EmbeddingCall read(ByteBuffer body) {
    Fields fields = new Fields(maxTexts);
    JsonBody.read(body, fields);
    if (fields.inputs == null) {
      throw HttpError.invalid("inputs", "'inputs' is missing: a string or a list of strings.");
    }
    if (fields.dimensions != 0) {
      model.requireDimension(fields.dimensions);
    }
    boolean byTheModel = model.directory().normalize();
    if (!fields.normalize && byTheModel) {
      throw HttpError.invalid(
          "normalize",
          "%s normalises its vectors itself: leave 'normalize' out.".formatted(model.name()));
    }
    boolean byUs = fields.normalize && !byTheModel;
    return new EmbeddingCall(
        fields.inputs, fields.type, fields.truncation, (vectors, tokens) -> answer(vectors, byUs));
  }

  private static String answer(List<float[]> vectors, boolean normalize) {
    StringBuilder out = VectorJson.builderFor(vectors.size(), vectors.get(0).length);
    out.append('[');
    for (int i = 0; i < vectors.size(); i++) {
      if (i > 0) {
        out.append(',');
      }
      if (normalize) {
        normalize(vectors.get(i));
      }
      VectorJson.append(vectors.get(i), out);
    }
    return out.append(']').toString();
  }

  private static void normalize(float[] vector) {
    double squares = 0;
    for (float element : vector) {
      squares += (double) element * element;
    }
    if (squares > 0) {
      double scale = 1 / Math.sqrt(squares);
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (vector[i] * scale);
      }
    }
  }

  @Override
  public String error(HttpError error) {
    JsonObject body = new JsonObject();
    body.addProperty("error", error.message());
    body.addProperty("error_type", error.kind().inferenceType);
    return body.toString();
  }
}
